/** What was used last, up to a number: whatever is forgotten can be asked for again. */
export interface Recent<T> {
  get(key: string): T | undefined
  set(key: string, value: T): void
  delete(key: string): void
  clear(): void
}

/** A map that lets go of what was set longest ago. */
export function createRecent<T>(max: number): Recent<T> {
  const values = new Map<string, T>()
  return {
    get: (key) => values.get(key),
    set: (key, value) => {
      values.delete(key)
      values.set(key, value)
      const [oldest] = values.keys()
      if (values.size > max && oldest !== undefined) values.delete(oldest)
    },
    delete: (key) => void values.delete(key),
    clear: () => values.clear(),
  }
}
