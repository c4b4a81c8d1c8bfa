/** Makes a `switch` exhaustive for the type checker; throws when data from outside slipped past a schema. */
export function assertNever(value: never, what: string): never {
  throw new Error(`unexpected ${what}: ${JSON.stringify(value)}`)
}
