import { logSubject } from '@orchestrator/shared/contracts'
import { type Clock, isAbort } from '@orchestrator/shared/core'
import type { Logs } from '@orchestrator/shared/nats'
import { linesOfBatch, linesOfEnd, type LogPosition } from './log-lines.ts'
import type { AttemptRow } from './view/rows.ts'

/** The verdict waits this long for the closing batch; what comes later is not waited for. */
const CLOSING_WAIT_MS = 10_000
const LOOK_MS = 1000

export interface ReadLogOptions {
  readonly logs: Pick<Logs, 'read'>
  /** The attempt as the view has it now. */
  readonly attempt: () => AttemptRow
  readonly fromLine: number
  /** False: end with what is stored now. */
  readonly follow: boolean
  readonly clock: Clock
  readonly signal: AbortSignal
}

/** The lines of an attempt in chunks that end with a line break. `end` is the last line of a log that is complete. */
export async function* readLog(options: ReadLogOptions): AsyncGenerator<string> {
  const { logs, attempt, fromLine, follow, clock } = options
  const settled = new AbortController()
  const signal = AbortSignal.any([options.signal, settled.signal])
  const watching = follow
    ? whenSettled(options, signal).then(
        () => settled.abort(),
        () => undefined,
      )
    : undefined
  let position: LogPosition = { next: fromLine, lost: 0 }
  try {
    const { service, tag, taskId, n } = attempt().submitted.attempt
    const subject = logSubject({ service, tag, taskId, n })
    for await (const batch of quietly(logs.read({ subject, fromLine, follow, signal }), signal)) {
      const part = linesOfBatch(batch, position)
      position = part.position
      if (part.lines.length > 0) yield chunk(part.lines)
      if (part.ended) return
    }
    if (!options.signal.aborted && isSettled(attempt(), clock)) {
      yield chunk(linesOfEnd(position, attempt().finished?.logs))
    }
  } finally {
    settled.abort()
    await watching
  }
}

function chunk(lines: readonly string[]): string {
  return `${lines.join('\n')}\n`
}

async function* quietly<T>(items: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  try {
    yield* items
  } catch (error) {
    if (!isAbort(error, signal)) throw error
  }
}

function isSettled({ finished_at }: AttemptRow, clock: Clock): boolean {
  return finished_at !== null && clock.now().getTime() - finished_at.getTime() >= CLOSING_WAIT_MS
}

async function whenSettled({ attempt, clock }: ReadLogOptions, signal: AbortSignal): Promise<void> {
  while (!isSettled(attempt(), clock)) await clock.sleep(LOOK_MS, signal)
}
