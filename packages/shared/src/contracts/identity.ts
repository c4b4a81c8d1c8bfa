/**
 * Who is who. A **task** is `(service, tag, taskId)`; an **attempt** is one try at it, numbered from 1 by the ledger.
 * Everything else (names, subjects, branches) is derived from these, once, at acceptance.
 */
import { z } from 'zod'

const DNS_WORD = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/
const DNS_WORD_HINT = 'lower-case letters, digits and inner hyphens'

export const ServiceName = z.string().min(1).max(40).regex(DNS_WORD, `use ${DNS_WORD_HINT}, for example "trader"`)
export type ServiceName = z.infer<typeof ServiceName>

/** Who does the work, as people call it: usually the GitHub account that commits, for example `claude-agent-1`. */
export const AgentName = z.string().min(1).max(40).regex(DNS_WORD, `use ${DNS_WORD_HINT}, for example "claude-agent-1"`)
export type AgentName = z.infer<typeof AgentName>

export const DEFAULT_TAG = 'master'

/** The task list of a platform repository that has several. */
export const Tag = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,32}$/, 'use 1 to 32 letters, digits, "_" or "-", for example "master"')
export type Tag = z.infer<typeof Tag>

/** Canonical: no leading zeros, dots between parts, for example `7` or `7.2`. */
export const TaskId = z
  .string()
  .max(16)
  .regex(/^(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*))*$/, 'use digits, with dots between levels, for example "7" or "7.2"')
export type TaskId = z.infer<typeof TaskId>

/** At the doors an integer is a task id too; a fraction is not, because JSON cannot tell `1.10` from `1.1`. */
export const TaskIdInput = z
  .union([
    TaskId,
    z
      .int('a dotted task id must be a string: "1.10" and 1.1 are the same JSON number')
      .nonnegative('must not be negative')
      .max(9_999_999, 'must be at most 9999999'),
  ])
  .transform(String)

export const AttemptNumber = z.int().min(1).max(99_999).describe('number of the attempt, from 1')

export const TaskRef = z.object({
  service: ServiceName.describe('the service that the task is for'),
  tag: Tag.describe('the task list that the task is in; `master` where there is one'),
  taskId: TaskId.describe('the task, for example `7` or `7.2`'),
})
export type TaskRef = z.infer<typeof TaskRef>

export const AttemptRef = z.object({ ...TaskRef.shape, n: AttemptNumber })
export type AttemptRef = z.infer<typeof AttemptRef>

/** One text for one task, for maps, logs and hashes: `trader/master/1.2`. */
export function taskKey({ service, tag, taskId }: TaskRef): string {
  return `${service}/${tag}/${taskId}`
}

export function sameTask(a: TaskRef, b: TaskRef): boolean {
  return taskKey(a) === taskKey(b)
}

/** Orders task ids as people count: `1.2` before `1.10` before `2`. */
export function compareTaskIds(a: TaskId, b: TaskId): number {
  const [left, right] = [a.split('.').map(Number), b.split('.').map(Number)]
  for (let i = 0; i < Math.max(left.length, right.length); i += 1) {
    const difference = (left[i] ?? -1) - (right[i] ?? -1)
    if (difference !== 0) return difference
  }
  return 0
}
