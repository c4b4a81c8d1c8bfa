import { AgentName, Phase, ServiceName, Tag, TaskId } from '@orchestrator/shared/contracts'
/** What all routes that read have in common. */
import { RetryableError, TerminalError } from '@orchestrator/shared/core'
import { z } from 'zod'
import { InvalidInput } from '../submit/faults.ts'
import type { ListOptions } from '../view/lists.ts'
import { decodePageCursor, encodePageCursor } from '../view/page-cursor.ts'
import type { AttemptRow } from '../view/rows.ts'
import type { Api } from './api.ts'

/** Reads see at least this sequence of the ledger: from a `sequence` that was answered before. */
export const After = z.coerce.number().int().min(0)

const INSTANT = 'must be a time with its offset, for example 2026-03-02T09:00:00Z (a + in an address is written %2B)'

const Instant = z.iso.datetime({ offset: true, error: INSTANT }).transform((text) => new Date(text))

export const ListQuery = z.strictObject({
  service: z.exactOptional(ServiceName),
  tag: z.exactOptional(Tag),
  taskId: z.exactOptional(TaskId),
  agent: z.exactOptional(AgentName),
  phase: z.exactOptional(Phase),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.exactOptional(z.string().max(100)),
  since: z.exactOptional(Instant),
  until: z.exactOptional(Instant),
  after: z.exactOptional(After),
})
export type ListQuery = z.output<typeof ListQuery>

/** @throws RetryableError VIEW_NOT_READY before the view has been filled, or when it does not reach `after` in time */
export async function untilReadable({ view, signal }: Api, after: number | undefined): Promise<void> {
  if (!view.readable) throw new RetryableError('VIEW_NOT_READY', 'the view is being filled from the ledger')
  if (after !== undefined) await view.waitFor(after, signal)
}

/** A name that the view does not know may be newer than the view. @throws TerminalError NOT_FOUND */
export async function findAttempt({ view, signal }: Api, name: string): Promise<AttemptRow> {
  const known = view.queries.attemptByName(name)
  if (known !== undefined) return known
  await view.catchUp(signal)
  const caughtUp = view.queries.attemptByName(name)
  if (caughtUp !== undefined) return caughtUp
  throw new TerminalError('NOT_FOUND', `there is no attempt ${name}: GET /v1/attempts lists those that are there`)
}

/** Whom an attempt belongs to. @throws TerminalError NOT_FOUND; RetryableError VIEW_NOT_READY */
export async function serviceOf(api: Api, name: string): Promise<string> {
  await untilReadable(api, undefined)
  return (await findAttempt(api, name)).submitted.attempt.service
}

export interface Page {
  readonly rows: readonly AttemptRow[]
  /** Cursor of the next page; null on the last. */
  readonly next: string | null
}

export function listPage({ view }: Api, query: ListQuery, latestOnly: boolean): Page {
  const { limit, cursor, since, until, after: _, ...filter } = query
  if (since !== undefined && until !== undefined && since >= until) {
    throw new InvalidInput([
      { field: 'until', value: until.toISOString(), message: `must be later than since, ${since.toISOString()}` },
    ])
  }
  const options: ListOptions = {
    filter,
    latestOnly,
    limit: limit + 1,
    window: { ...(since === undefined ? {} : { since }), ...(until === undefined ? {} : { until }) },
    ...(cursor === undefined ? {} : { beforeSeq: decodePageCursor(cursor) }),
  }
  const found = view.queries.listAttempts(options)
  const rows = found.slice(0, limit)
  const last = rows.at(-1)
  return { rows, next: found.length > limit && last !== undefined ? encodePageCursor(last.submitted_seq) : null }
}
