import { type AttemptRef, progressSubject } from '@orchestrator/shared/contracts'
import { isAbort } from '@orchestrator/shared/core'
import type { Progress } from '@orchestrator/shared/nats'

/** The last line noted in the attempt's progress; 0 when none is. */
export async function readNotedLine(progress: Progress, ref: AttemptRef, signal: AbortSignal): Promise<number> {
  const enough = new AbortController()
  const either = AbortSignal.any([signal, enough.signal])
  const news = progress.follow({
    subjects: [progressSubject(ref)],
    lastPerSubject: true,
    signal: either,
    onCaughtUp: () => enough.abort(),
  })
  let line = 0
  try {
    for await (const { event } of news) line = event.data.line ?? line
  } catch (error) {
    if (!isAbort(error, either)) throw error
  }
  signal.throwIfAborted()
  return line
}
