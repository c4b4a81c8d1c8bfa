const OLDEST_MAJOR = 24

/** What is wrong with this Node, in words for people; `undefined` when it will do. Loaded before anything newer is. */
export function nodeVersionProblem(version: string): string | undefined {
  const major = Number.parseInt(version, 10)
  return major >= OLDEST_MAJOR ? undefined : `the runner needs Node ${OLDEST_MAJOR} or newer; this is ${version}`
}
