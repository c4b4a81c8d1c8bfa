import { printableLine } from '@orchestrator/shared/core'
import type { BrokerLog } from '@orchestrator/shared/nats'
import type { Screen } from './screen.ts'

/** A line for each thing that is worked on, on a terminal. */
export function showProgress(screen: Pick<Screen, 'show'>): (name: string, count: number) => void {
  const counts = new Map<string, number>()
  return (name, count) => {
    counts.set(name, count)
    screen.show([...counts].map(([each, done]) => `${each}: ${done}`))
  }
}

/** What an adapter warns of, for the person who waits. */
export function logOnScreen(screen: Pick<Screen, 'warn'>): BrokerLog {
  const warn = (details: object, message: string): void =>
    screen.warn(`${message} ${printableLine(JSON.stringify(details))}`)
  return { info: () => undefined, warn, error: warn }
}
