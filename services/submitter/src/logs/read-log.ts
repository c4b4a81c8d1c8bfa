import { logSubject } from '@orchestrator/shared/contracts'
import { type Clock, isAbort, printable, RetryableError, TerminalError } from '@orchestrator/shared/core'
import type { Logs } from '@orchestrator/shared/nats'
import type { AttemptRow } from '../view/rows.ts'
import type { LogArchive } from './log-archive.ts'
import { firstOf, linesOfArchived, linesOfBatch, linesOfEnd, type LogPosition } from './log-lines.ts'

/** The verdict waits this long for the closing batch; what comes later is not waited for. */
const CLOSING_WAIT_MS = 10_000
const LOOK_MS = 1000
/** A watcher gives a closing batch up after an hour; by then the log is archived. */
const CLOSED_OR_GIVEN_UP_MS = 2 * 3_600_000
const CHUNK_CHARACTERS = 64 * 1024

export interface ReadLogOptions {
  readonly logs: Pick<Logs, 'read'>
  readonly archive: LogArchive
  readonly broker: { readonly connected: boolean }
  /** The attempt as the view has it now. */
  readonly attempt: () => AttemptRow
  readonly fromLine: number
  /** False: end with what is stored now. */
  readonly follow: boolean
  readonly clock: Clock
  readonly signal: AbortSignal
}

/**
 * The log from where it is: the stream, or the archive once the stream has let it go.
 * @throws RetryableError BROKER_UNAVAILABLE when only the stream could have it; TerminalError GONE with the `tail` that
 *   the verdict has kept, when neither does
 */
export async function openLog(options: ReadLogOptions): Promise<AsyncIterable<string>> {
  const { attempt, broker, clock, fromLine } = options
  const row = attempt()
  if (row.finished !== null) {
    const first = broker.connected ? await firstInStream(options) : undefined
    const archived = first !== undefined && first <= fromLine ? undefined : await openArchived(options)
    if (archived !== undefined) return readArchived(archived, options)
    if (broker.connected && first === undefined && isGone(row, clock)) throw gone(row)
  }
  if (!broker.connected) {
    throw new RetryableError('BROKER_UNAVAILABLE', 'the broker, which holds the logs, is not connected')
  }
  return readLog(options)
}

/** The stream lets the oldest batches go first. */
async function firstInStream({ logs, attempt, signal }: ReadLogOptions): Promise<number | undefined> {
  const batches = logs.read({ subject: subjectOf(attempt()), fromLine: 1, follow: false, signal })
  for await (const { head } of batches) return firstOf(head)
  return undefined
}

/** It had a log once, and by now it would be somewhere. */
function isGone({ finished, finished_at, started_seq }: AttemptRow, clock: Clock): boolean {
  if (finished?.logs !== undefined) return finished.logs.lines > 0
  const ageMs = finished_at === null ? 0 : clock.now().getTime() - finished_at.getTime()
  return started_seq !== null && ageMs >= CLOSED_OR_GIVEN_UP_MS
}

function gone({ submitted, finished }: AttemptRow): TerminalError {
  const tail = printable(finished?.result?.brief ?? finished?.message ?? '')
  const message = `the log of ${submitted.attempt.name} is no longer kept: \`tail\` is what its result says of the end`
  return new TerminalError('GONE', message, { details: { tail } })
}

async function openArchived({ archive, attempt }: ReadLogOptions): Promise<AsyncIterable<string> | undefined> {
  const { submitted, submitted_id: submittedId } = attempt()
  return await archive.open({ ...submitted.attempt, submittedId })
}

async function* readArchived(
  texts: AsyncIterable<string>,
  { fromLine, signal }: Pick<ReadLogOptions, 'fromLine' | 'signal'>,
): AsyncGenerator<string> {
  let position: LogPosition = { next: fromLine, lost: 0 }
  let ready = ''
  for await (const text of texts) {
    if (signal.aborted) return
    const part = linesOfArchived(text, position)
    position = part.position
    if (part.lines.length > 0) ready += chunk(part.lines)
    if (ready.length < CHUNK_CHARACTERS) continue
    yield ready
    ready = ''
  }
  yield ready
}

/** The lines of an attempt in chunks that end with a line break. `end` is the last line of a log that is complete. */
async function* readLog(options: ReadLogOptions): AsyncGenerator<string> {
  const { attempt, follow, clock, signal } = options
  const reading: Reading = { position: { next: options.fromLine, lost: 0 }, ended: false }
  // Sends the headers: a follower may wait long for the first line.
  yield ''
  if (follow) yield* followUntilSettled(options, reading)
  // What came between the last look and the end is read once more without waiting.
  if (!reading.ended) yield* readBatches(options, { reading, follow: false, signal })
  if (!reading.ended && !signal.aborted && isSettled(attempt(), clock)) {
    const archived = await openArchived(options)
    if (archived === undefined) yield chunk(linesOfEnd(reading.position, attempt().finished?.logs))
    else yield* readArchived(archived, { fromLine: reading.position.next, signal })
  }
}

interface Reading {
  position: LogPosition
  ended: boolean
}

async function* followUntilSettled(options: ReadLogOptions, reading: Reading): AsyncGenerator<string> {
  const settled = new AbortController()
  const signal = AbortSignal.any([options.signal, settled.signal])
  const watching = whenSettled(options, signal).then(
    () => settled.abort(),
    () => undefined,
  )
  try {
    yield* readBatches(options, { reading, follow: true, signal })
  } finally {
    settled.abort()
    await watching
  }
}

interface ReadBatches {
  readonly reading: Reading
  readonly follow: boolean
  readonly signal: AbortSignal
}

async function* readBatches(
  { logs, attempt }: ReadLogOptions,
  { reading, follow, signal }: ReadBatches,
): AsyncGenerator<string> {
  const subject = subjectOf(attempt())
  try {
    for await (const batch of logs.read({ subject, fromLine: reading.position.next, follow, signal })) {
      const { lines, position, ended } = linesOfBatch(batch, reading.position)
      Object.assign(reading, { position, ended })
      if (lines.length > 0) yield chunk(lines)
      if (ended) return
    }
  } catch (error) {
    if (!isAbort(error, signal)) throw error
  }
}

function subjectOf({ submitted }: AttemptRow): string {
  const { service, tag, taskId, n } = submitted.attempt
  return logSubject({ service, tag, taskId, n })
}

function chunk(lines: readonly string[]): string {
  return `${lines.join('\n')}\n`
}

function isSettled({ finished_at }: AttemptRow, clock: Clock): boolean {
  return finished_at !== null && clock.now().getTime() - finished_at.getTime() >= CLOSING_WAIT_MS
}

async function whenSettled({ attempt, clock }: ReadLogOptions, signal: AbortSignal): Promise<void> {
  while (!isSettled(attempt(), clock)) await clock.sleep(LOOK_MS, signal)
}
