import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import type { Phase } from '@orchestrator/shared/contracts'
import { z } from 'zod'
import { AttemptRow, ROW_COLUMNS } from './rows.ts'
import { rankOf } from './schema.ts'
import { createSubmissionTimes } from './submission-times.ts'

export interface AttemptFilter {
  readonly service?: string
  readonly tag?: string
  readonly taskId?: string
  readonly agent?: string
  readonly phase?: Phase
}

export interface TimeWindow {
  readonly since?: Date
  readonly until?: Date
}

export interface ListOptions {
  readonly filter: AttemptFilter
  /** Only attempts submitted before this sequence; all when left out. */
  readonly beforeSeq?: number
  /** Only attempts submitted then; the end does not belong to it. */
  readonly window?: TimeWindow
  /** Only the latest attempt of each task. */
  readonly latestOnly: boolean
  readonly limit: number
}

export interface ViewLists {
  /** Newest first. */
  listAttempts(options: ListOptions): readonly AttemptRow[]
}

const CONDITIONS = {
  service: 'service = :service',
  tag: 'tag = :tag',
  taskId: 'task_id = :taskId',
  agent: 'agent = :agent',
  phase: 'rank = :phase',
} as const satisfies Record<keyof AttemptFilter, string>

const FILTERS = ['service', 'tag', 'taskId', 'agent', 'phase'] as const

/** The most selective filter decides; without statistics SQLite would guess. */
function indexFor({ service, taskId, agent, phase }: AttemptFilter): string {
  if (taskId !== undefined) return 'list_task_id'
  if (phase !== undefined) return service === undefined ? 'list_rank' : 'list_service_rank'
  if (service !== undefined) return 'list_service'
  return agent === undefined ? 'list_all' : 'list_agent'
}

/** The query for one combination of filters. The index also gives the order, so a page costs what it shows. */
export function listQuery({ filter, latestOnly, window = {} }: Omit<ListOptions, 'limit' | 'beforeSeq'>): string {
  const conditions: string[] = FILTERS.filter((field) => filter[field] !== undefined).map((field) => CONDITIONS[field])
  if (latestOnly) conditions.push('latest = 1')
  if (window.since !== undefined) conditions.push('submitted_at >= :since')
  if (window.until !== undefined) conditions.push('submitted_at < :until')
  const where = ['submitted_seq >= :from', 'submitted_seq < :before', ...conditions].join(' AND ')
  return `SELECT ${ROW_COLUMNS} FROM attempts INDEXED BY ${indexFor(filter)} WHERE ${where} ORDER BY submitted_seq DESC LIMIT :limit`
}

const Rows = z.array(AttemptRow)

export function createLists(database: DatabaseSync): ViewLists {
  const times = createSubmissionTimes(database)
  const prepared = new Map<string, StatementSync>()
  const statement = (query: string): StatementSync => {
    const known = prepared.get(query)
    if (known !== undefined) return known
    const made = database.prepare(query)
    prepared.set(query, made)
    return made
  }
  return {
    listAttempts: ({ filter, beforeSeq = Number.MAX_SAFE_INTEGER, window = {}, latestOnly, limit }) => {
      const { since, until } = window
      const values: Record<string, SQLInputValue> = {
        // Without them a list would look at every attempt that is older, or newer, than the window.
        from: since === undefined ? 0 : times.firstFrom(since),
        before: until === undefined ? beforeSeq : Math.min(beforeSeq, times.firstAfter(until)),
        ...(since === undefined ? {} : { since: since.getTime() }),
        ...(until === undefined ? {} : { until: until.getTime() }),
        limit,
      }
      for (const field of FILTERS) {
        const value = field === 'phase' && filter.phase !== undefined ? rankOf(filter.phase) : filter[field]
        if (value !== undefined) values[field] = value
      }
      return Rows.parse(statement(listQuery({ filter, latestOnly, window })).all(values))
    },
  }
}
