/**
 * Log batches on `logs.….<n>`: one line of JSON (`LogBatchHead`), then `count` runner lines as they were written.
 * Gaps are counted, never hidden; nothing follows the closing batch.
 */
import { z } from 'zod'

export const LOG_BATCH_BYTES = 64 * 1024
export const LOG_BATCH_MS = 250

export const LogGap = z.object({ first: z.int(), last: z.int() })
export type LogGap = z.infer<typeof LogGap>

export const LogBatchHead = z.object({
  v: z.literal(1),
  /** Id of the attempt's `task.submitted`. */
  submittedId: z.string(),
  /** Numbers of the first and last line, `first - 1 === last` when there is none. */
  first: z.int(),
  last: z.int(),
  count: z.int().min(0),
  /** Lines before or within this batch that are lost, or left out by the byte cap. */
  gaps: z.array(LogGap),
  /** How many lines up to `last` are in gaps, this batch's and earlier ones'; left out for none. */
  missing: z.exactOptional(z.int().min(1)),
  /** Only in the closing batch. */
  closing: z.exactOptional(z.object({ lines: z.int(), gaps: z.int() })),
})
export type LogBatchHead = z.infer<typeof LogBatchHead>

export interface LogBatch {
  readonly head: LogBatchHead
  /** Runner lines, each the JSON text as written. */
  readonly lines: readonly string[]
}

export function encodeLogBatch({ head, lines }: LogBatch): string {
  return [JSON.stringify(head), ...lines].join('\n')
}

/** @throws {z.ZodError | SyntaxError} when it is not a batch. */
export function decodeLogBatch(text: string): LogBatch {
  const [head = '', ...lines] = text.split('\n')
  return { head: LogBatchHead.parse(JSON.parse(head)), lines }
}
