/** Runs at most `max` pieces of work at once, the others in the order in which they came. */
export interface Limiter {
  run<T>(work: () => Promise<T>): Promise<T>
}

export function createLimiter(max: number): Limiter {
  let running = 0
  const waiting: (() => void)[] = []
  const leave = (): void => {
    const next = waiting.shift()
    // The place goes straight to the next one, so that nobody slips in between.
    if (next === undefined) running -= 1
    else next()
  }
  return {
    run: async (work) => {
      if (running < max) running += 1
      else await new Promise<void>((resolve) => waiting.push(resolve))
      try {
        return await work()
      } finally {
        leave()
      }
    },
  }
}
