import { type AttemptView, isTerminal } from '@orchestrator/shared/contracts'
import { type Clock, hasCode } from '@orchestrator/shared/core'
import type { Client } from './client.ts'
import { ServerError } from './server-error.ts'

export const POLL_MS = 1_000
/** A server that is being restarted is waited for. */
export const PATIENCE_MS = 30_000

export interface AttemptWatch {
  readonly client: Pick<Client, 'attempt'>
  readonly name: string
  /** Sequence of the ledger that the first answer must include. */
  readonly after?: number
  readonly clock: Clock
  readonly signal: AbortSignal
  /** The server stopped answering, or answers again. */
  readonly onTrouble: (problem: unknown) => void
}

/** The attempt as it is, every second, until it has ended. */
export async function* watchAttempt(watch: AttemptWatch): AsyncGenerator<AttemptView> {
  const { clock, signal } = watch
  for (;;) {
    const view = await lookPatiently(watch)
    yield view
    if (isTerminal(view.phase)) return
    await clock.sleep(POLL_MS, signal)
  }
}

async function lookPatiently({ client, name, after, clock, signal, onTrouble }: AttemptWatch): Promise<AttemptView> {
  const giveUpAt = clock.monotonicMs() + PATIENCE_MS
  let troubled = false
  for (;;) {
    try {
      return await client.attempt(name, after)
    } catch (error) {
      if (!isPassing(error) || clock.monotonicMs() >= giveUpAt) throw error
      if (!troubled) onTrouble(error)
      troubled = true
      await clock.sleep(POLL_MS, signal)
    }
  }
}

/** The server is away or not ready yet, or has had too many requests, which ends by itself. */
export function isPassing(error: unknown): boolean {
  return hasCode(error, 'SERVER_UNREACHABLE') || (error instanceof ServerError && isLater(error.problem.status))
}

function isLater(status: number): boolean {
  return status === 429 || status >= 500
}
