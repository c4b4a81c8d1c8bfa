/** Versions as programs print them. Pure. */

/** The first `1.2.3` or `1.2` of a text; `undefined` when there is none. */
export function findVersion(text: string): string | undefined {
  return /\d+\.\d+(?:\.\d+)?/.exec(text)?.[0]
}

export function isAtLeast(version: string, minimum: string): boolean {
  const [left, right] = [version.split('.').map(Number), minimum.split('.').map(Number)]
  for (const [index, wanted] of right.entries()) {
    const difference = (left[index] ?? 0) - wanted
    if (difference !== 0) return difference > 0
  }
  return true
}
