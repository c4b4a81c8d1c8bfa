import { type Clock, isAbort } from '@orchestrator/shared/core'
import type { Execution, ExecutionEnd } from '../ports.ts'

export interface InterruptionStep {
  /** A signal to the group, or words to a program that is in conversation with us, which are the last. */
  readonly send: { readonly signal: NodeJS.Signals } | { readonly words: string }
  /** Time given to it before the next one, milliseconds. */
  readonly forMs: number
}

/** Ask, urge, kill: all within half of the time there is, because the work is saved in the other half. */
export function gentleInterruption(
  graceMs: number,
  first: InterruptionStep['send'] = { signal: 'SIGINT' },
): readonly InterruptionStep[] {
  return [
    { send: first, forMs: Math.min(10_000, graceMs / 4) },
    { send: { signal: 'SIGTERM' }, forMs: Math.min(5000, graceMs / 4) },
    { send: { signal: 'SIGKILL' }, forMs: 0 },
  ]
}

export const BRISK_INTERRUPTION: readonly InterruptionStep[] = [
  { send: { signal: 'SIGTERM' }, forMs: 1000 },
  { send: { signal: 'SIGKILL' }, forMs: 0 },
]

export interface Interruptible {
  readonly execution: Execution
  /** Asked for when it is needed. */
  readonly interruption: () => readonly InterruptionStep[]
  /** When it aborts, the interruption begins. */
  readonly signal: AbortSignal
  readonly clock: Clock
}

function take(execution: Execution, { send }: InterruptionStep): void {
  if ('signal' in send) return execution.kill(send.signal)
  execution.write(send.words)
  execution.closeInput()
}

/** Waits for the end, and brings it about once the signal aborts. */
export async function endedOrInterrupted({
  execution,
  interruption,
  signal,
  clock,
}: Interruptible): Promise<ExecutionEnd> {
  const over = new AbortController()
  const interrupt = async (): Promise<void> => {
    for (const step of interruption()) {
      take(execution, step)
      await clock.sleep(step.forMs, over.signal)
    }
  }
  let interrupting: Promise<void> = Promise.resolve()
  const onAbort = (): void => {
    interrupting = interrupt().catch((error: unknown) => {
      if (!isAbort(error, over.signal)) throw error
    })
  }
  if (signal.aborted) onAbort()
  else signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await execution.ended
  } finally {
    signal.removeEventListener('abort', onAbort)
    over.abort()
    await interrupting
  }
}
