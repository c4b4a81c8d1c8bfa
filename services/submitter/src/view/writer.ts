import type { DatabaseSync, SQLInputValue } from 'node:sqlite'
import { assertNever } from '@orchestrator/shared/core'
import type { AttemptKey, ViewChange } from './fold.ts'
import type { Kept } from './queries.ts'
import { FIRST_TERMINAL_RANK, rankOf } from './schema.ts'

const KEY = 'service, tag, task_id, n'

/** Never backwards, and never out of a terminal phase. */
const ADVANCE = `rank = CASE WHEN rank >= ${FIRST_TERMINAL_RANK} THEN rank ELSE max(rank, excluded.rank) END`

/** Writes the columns of one kind of event, when they are not there yet: a repeat changes nothing. */
function upsert(columns: readonly string[], when: string): string {
  const all = ['rank', ...columns]
  return `INSERT INTO attempts (${KEY}, ${all.join(', ')}) VALUES (${Array.from({ length: all.length + 4 }, () => '?').join(', ')})
    ON CONFLICT (${KEY}) DO UPDATE SET ${[ADVANCE, ...columns.map((column) => `${column} = excluded.${column}`)].join(', ')}
    WHERE ${when} RETURNING submitted_seq, finished_seq`
}

const SUBMITTED_COLUMNS = [
  'submitted_seq',
  'submitted_id',
  'submitted_at',
  'name',
  'agent',
  'repository',
  'branch',
  'idempotency_key',
  'submitted',
  'latest',
]

/** A number is the latest until the next one comes. */
const NOT_LATEST = `UPDATE attempts SET latest = 0 WHERE service = ? AND tag = ? AND task_id = ? AND n = ?`

export interface ViewWriter {
  write(change: ViewChange): void
}

export function createViewWriter(database: DatabaseSync, { live, specs }: Kept): ViewWriter {
  const statements = {
    submitted: database.prepare(upsert(SUBMITTED_COLUMNS, 'submitted_seq IS NULL')),
    notLatest: database.prepare(NOT_LATEST),
    stopRequested: database.prepare(upsert(['stop_seq'], 'stop_seq IS NULL')),
    started: database.prepare(upsert(['started_seq', 'started_at'], 'started_seq IS NULL')),
    finished: database.prepare(upsert(['finished_seq', 'finished_at', 'finished'], 'finished_seq IS NULL')),
    progressed: database.prepare(
      upsert(['progress_seq', 'progress'], 'progress_seq IS NULL OR progress_seq < excluded.progress_seq'),
    ),
  }

  const writeSubmitted = (change: Extract<ViewChange, { kind: 'submitted' }>): void => {
    const { key, seq, at, eventId, repository, data } = change
    const { name, agent, branch } = data.attempt
    const content = [name, agent, repository, branch, data.idempotencyKey ?? null, JSON.stringify(data)]
    const written = statements.submitted.get(...keyOf(key), rankOf('Submitted'), seq, eventId, at, ...content, 1)
    if (written?.['finished_seq'] === null) live.add(key.task.service, 1)
    specs.note(seq, data.attempt)
    if (key.n > 1) statements.notLatest.run(...keyOf({ ...key, n: key.n - 1 }))
  }

  const writeFinished = ({ key, seq, at, phase, data }: Extract<ViewChange, { kind: 'finished' }>): void => {
    const written = statements.finished.get(...keyOf(key), rankOf(phase), seq, at, JSON.stringify(data))
    if (typeof written?.['submitted_seq'] === 'number') live.add(key.task.service, -1)
  }

  return {
    write: (change) => {
      const { kind, key, seq, at } = change
      switch (kind) {
        case 'submitted':
          writeSubmitted(change)
          return
        case 'stopRequested':
          statements.stopRequested.run(...keyOf(key), rankOf('Submitted'), seq)
          return
        case 'started':
          statements.started.run(...keyOf(key), rankOf(change.phase), seq, at)
          return
        case 'finished':
          writeFinished(change)
          return
        case 'progressed':
          statements.progressed.run(...keyOf(key), rankOf(change.phase), seq, JSON.stringify(change.data))
          return
        default:
          assertNever(kind, 'change')
      }
    },
  }
}

function keyOf({ task, n }: AttemptKey): SQLInputValue[] {
  return [task.service, task.tag, task.taskId, n]
}
