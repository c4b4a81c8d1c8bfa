/**
 * A pure function that keeps its answers, for the few values that are asked about again and again. With `max` of them it
 * forgets them all: cheaper than to know which one was used last, and hardly ever needed.
 */
export function memoised<T>(max: number, compute: (text: string) => T): (text: string) => T {
  const known = new Map<string, { readonly answer: T }>()
  return (text) => {
    const found = known.get(text)
    if (found !== undefined) return found.answer
    if (known.size >= max) known.clear()
    const answer = compute(text)
    known.set(text, { answer })
    return answer
  }
}
