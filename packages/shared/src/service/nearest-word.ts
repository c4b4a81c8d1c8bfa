/** The word that was probably meant; `undefined` when none is near. Pure. */
export function nearestWord(word: string, among: readonly string[]): string | undefined {
  const measured = among.map((each) => ({ each, far: distance(word.toLowerCase(), each.toLowerCase()) }))
  const [nearest] = measured.toSorted((one, other) => one.far - other.far)
  return nearest !== undefined && nearest.far <= Math.max(1, Math.floor(word.length / 3)) ? nearest.each : undefined
}

/** How many letters to put in, take out or change (Levenshtein). */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index)
  for (const [above, letter] of Array.from(one).entries()) {
    const next = [above + 1]
    for (let index = 1; index <= other.length; index += 1) {
      const same = letter === other[index - 1] ? 0 : 1
      next.push(Math.min((row[index] ?? 0) + 1, (next[index - 1] ?? 0) + 1, (row[index - 1] ?? 0) + same))
    }
    row = next
  }
  return row.at(-1) ?? 0
}
