import { isTerminal } from '@orchestrator/shared/contracts'
import type { Clock } from '@orchestrator/shared/core'
import type { Client } from './client.ts'
import { PATIENCE_MS, POLL_MS } from './follow.ts'
import type { Attempt } from './generated/api.ts'
import { isPassing } from './server-error.ts'

export interface AttemptWatch {
  readonly client: Pick<Client, 'getAttempt'>
  readonly name: string
  /** Sequence of the ledger that the first answer must include. */
  readonly after?: number
  readonly clock: Clock
  readonly signal: AbortSignal
  /** The server stopped answering, or answers again. */
  readonly onTrouble: (problem: unknown) => void
}

/** The attempt as it is, every second, until it has ended. */
export async function* watchAttempt(watch: AttemptWatch): AsyncGenerator<Attempt> {
  const { clock, signal } = watch
  for (;;) {
    const view = await lookPatiently(watch)
    yield view
    if (isTerminal(view.phase)) return
    await clock.sleep(POLL_MS, signal)
  }
}

async function lookPatiently({ client, name, after, clock, signal, onTrouble }: AttemptWatch): Promise<Attempt> {
  const giveUpAt = clock.monotonicMs() + PATIENCE_MS
  let troubled = false
  for (;;) {
    try {
      return await client.getAttempt({ path: { name }, query: { after }, signal })
    } catch (error) {
      if (!isPassing(error) || clock.monotonicMs() >= giveUpAt) throw error
      if (!troubled) onTrouble(error)
      troubled = true
      await clock.sleep(POLL_MS, signal)
    }
  }
}
