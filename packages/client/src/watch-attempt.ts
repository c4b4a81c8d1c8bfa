import { isTerminal } from '@orchestrator/shared/contracts'
import { type Clock, systemClock } from '@orchestrator/shared/core'
import type { Client } from './client.ts'
import { PATIENCE_MS, POLL_MS } from './follow.ts'
import type { Attempt } from './generated/api.ts'
import { isPassing } from './server-error.ts'

export interface AttemptWatch {
  readonly client: Pick<Client, 'getAttempt'>
  readonly name: string
  /** Sequence of the ledger that the first answer must include. */
  readonly after?: number
  readonly signal?: AbortSignal
  /** The server has stopped answering: it is asked again for 30 seconds. */
  readonly onTrouble?: (problem: unknown) => void
  /** For tests: what waits between two looks. */
  readonly clock?: Clock
}

/** Also in a phase that only a newer server knows. */
export function hasEnded({ phase, finishedAt }: Pick<Attempt, 'phase' | 'finishedAt'>): boolean {
  return isTerminal(phase) || finishedAt !== null
}

const NEVER = new AbortController().signal

/** The attempt as it is, every second, until it has ended. */
export async function* watchAttempt(watch: AttemptWatch): AsyncGenerator<Attempt> {
  const { clock = systemClock, signal = NEVER } = watch
  for (;;) {
    const attempt = await lookPatiently(watch)
    yield attempt
    if (hasEnded(attempt)) return
    await clock.sleep(POLL_MS, signal)
  }
}

async function lookPatiently(watch: AttemptWatch): Promise<Attempt> {
  const { client, name, after, clock = systemClock, signal = NEVER, onTrouble } = watch
  const giveUpAt = clock.monotonicMs() + PATIENCE_MS
  let troubled = false
  for (;;) {
    try {
      return await client.getAttempt({ path: { name }, query: { after }, signal })
    } catch (error) {
      if (!isPassing(error) || clock.monotonicMs() >= giveUpAt) throw error
      if (!troubled) onTrouble?.(error)
      troubled = true
      await clock.sleep(POLL_MS, signal)
    }
  }
}
