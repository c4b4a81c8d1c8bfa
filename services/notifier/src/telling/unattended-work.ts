/** Work that nobody waits for, except the end of the service. */
export interface UnattendedWork {
  run(key: string, work: () => Promise<void>): void
  /** Resolves once all that runs now has ended. */
  settled(): Promise<void>
}

export function createUnattendedWork(onFailure: (key: string, error: unknown) => void): UnattendedWork {
  const running = new Set<Promise<void>>()
  const supervise = async (key: string, work: () => Promise<void>): Promise<void> => {
    try {
      await work()
    } catch (error) {
      onFailure(key, error)
    }
  }
  return {
    run: (key, work) => {
      const ended = supervise(key, work).finally(() => running.delete(ended))
      running.add(ended)
    },
    settled: async () => void (await Promise.all(running)),
  }
}
