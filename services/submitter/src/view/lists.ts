import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import type { Phase } from '@orchestrator/shared/contracts'
import { z } from 'zod'
import { AttemptRow, ROW_COLUMNS } from './rows.ts'
import { rankOf } from './schema.ts'

export interface AttemptFilter {
  readonly service?: string
  readonly tag?: string
  readonly taskId?: string
  readonly agent?: string
  readonly phase?: Phase
}

export interface ListOptions {
  readonly filter: AttemptFilter
  /** Only attempts submitted before this sequence; all when left out. */
  readonly beforeSeq?: number
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
export function listQuery(filter: AttemptFilter, latestOnly: boolean): string {
  const conditions: string[] = FILTERS.filter((field) => filter[field] !== undefined).map((field) => CONDITIONS[field])
  if (latestOnly) conditions.push('latest = 1')
  const where = ['submitted_seq < :before', ...conditions].join(' AND ')
  return `SELECT ${ROW_COLUMNS} FROM attempts INDEXED BY ${indexFor(filter)} WHERE ${where} ORDER BY submitted_seq DESC LIMIT :limit`
}

const Rows = z.array(AttemptRow)

export function createLists(database: DatabaseSync): ViewLists {
  const prepared = new Map<string, StatementSync>()
  const statement = (query: string): StatementSync => {
    const known = prepared.get(query)
    if (known !== undefined) return known
    const made = database.prepare(query)
    prepared.set(query, made)
    return made
  }
  return {
    listAttempts: ({ filter, beforeSeq, latestOnly, limit }) => {
      const values: Record<string, SQLInputValue> = { before: beforeSeq ?? Number.MAX_SAFE_INTEGER, limit }
      for (const field of FILTERS) {
        const value = field === 'phase' && filter.phase !== undefined ? rankOf(filter.phase) : filter[field]
        if (value !== undefined) values[field] = value
      }
      return Rows.parse(statement(listQuery(filter, latestOnly)).all(values))
    },
  }
}
