import type { DatabaseSync, SQLInputValue } from 'node:sqlite'
import { assertNever } from '@orchestrator/shared/core'
import type { AttemptKey, ChangeOf, ViewChange } from './fold.ts'
import { hashOfBranch, hashOfKey, hashOfName, hashOfTask } from './hashes.ts'
import type { Kept } from './queries.ts'
import { FIRST_TERMINAL_RANK, rankOf } from './schema.ts'

const KEY = 'service, tag, task_id, n'
const IS_ATTEMPT = 'service = ? AND tag = ? AND task_id = ? AND n = ?'

/** Never backwards, and never out of a terminal phase. */
const ADVANCE = `rank = CASE WHEN rank >= ${FIRST_TERMINAL_RANK} THEN rank ELSE max(rank, excluded.rank) END`

/** Writes the columns of one kind of event, when they are not there yet: a repeat changes nothing. */
function upsert(columns: readonly string[], when: string): string {
  const all = ['rank', ...columns]
  return `${insert(all)} ON CONFLICT (${KEY})
    DO UPDATE SET ${[ADVANCE, ...columns.map((column) => `${column} = excluded.${column}`)].join(', ')} WHERE ${when}`
}

function insert(columns: readonly string[]): string {
  const places = Array.from({ length: columns.length + 4 }, () => '?')
  return `INSERT INTO attempts (${KEY}, ${columns.join(', ')}) VALUES (${places.join(', ')})`
}

function update(columns: readonly string[], when: string): string {
  return `UPDATE attempts SET ${columns.map((column) => `${column} = ?`).join(', ')} WHERE ${IS_ATTEMPT} AND ${when}`
}

const SUBMITTED_COLUMNS = [
  'submitted_seq',
  'submitted_id',
  'submitted_at',
  'agent',
  'repository',
  'name_hash',
  'branch_hash',
  'key_hash',
  'task_hash',
  'submitted',
  'latest',
]

const STARTED_COLUMNS = ['started_seq', 'started_at']
const FINISHED_COLUMNS = ['finished_seq', 'finished_at', 'finished']

/** A number is the latest until the next one comes. */
const NOT_LATEST = `UPDATE attempts SET latest = 0 WHERE ${IS_ATTEMPT}`

/** What is known of one attempt at once. */
export interface WholeAttempt {
  readonly submitted: ChangeOf<'submitted'>
  readonly started: ChangeOf<'started'> | undefined
  readonly finished: ChangeOf<'finished'> | undefined
}

export interface ViewWriter {
  write(change: ViewChange): void
  /**
   * The same as its changes one by one, in one statement where there is no row of it yet. For a view without its indexes: what
   * they hold is noted when they are made.
   */
  writeWhole(attempt: WholeAttempt): void
}

export function createViewWriter(database: DatabaseSync, { live, specs, absence }: Kept): ViewWriter {
  const statements = {
    // What may fail halfway through a statement, as RETURNING and triggers may, makes SQLite keep a journal of the statement:
    // that triples the price of an event. So what usually happens has a plain statement of its own.
    submitted: database.prepare(`${insert(['rank', ...SUBMITTED_COLUMNS])} ON CONFLICT (${KEY}) DO NOTHING`),
    whole: database.prepare(
      `${insert(['rank', ...SUBMITTED_COLUMNS, ...STARTED_COLUMNS, ...FINISHED_COLUMNS])} ON CONFLICT (${KEY}) DO NOTHING`,
    ),
    submittedLate: database.prepare(`${update(SUBMITTED_COLUMNS, 'submitted_seq IS NULL')} RETURNING finished_seq`),
    notLatest: database.prepare(NOT_LATEST),
    stopRequested: database.prepare(upsert(['stop_seq'], 'stop_seq IS NULL')),
    started: database.prepare(upsert(STARTED_COLUMNS, 'started_seq IS NULL')),
    finished: database.prepare(
      update(['rank', ...FINISHED_COLUMNS], 'submitted_seq IS NOT NULL AND finished_seq IS NULL'),
    ),
    finishedEarly: database.prepare(upsert(FINISHED_COLUMNS, 'finished_seq IS NULL')),
    progressed: database.prepare(
      upsert(['progress_seq', 'progress'], 'progress_seq IS NULL OR progress_seq < excluded.progress_seq'),
    ),
  }

  /** @returns whether it is unfinished, and was not known to have been submitted */
  const writeNew = (key: AttemptKey, columns: readonly SQLInputValue[]): boolean => {
    const { changes } = statements.submitted.run(...keyOf(key), rankOf('Submitted'), ...columns)
    if (changes === 1) return true
    return statements.submittedLate.get(...columns, ...keyOf(key))?.['finished_seq'] === null
  }

  const noteSubmitted = ({ key, seq, data }: ChangeOf<'submitted'>): void => {
    specs.note(seq, data.attempt)
    if (key.n > 1) statements.notLatest.run(...keyOf({ ...key, n: key.n - 1 }))
  }

  const writeSubmitted = (change: ChangeOf<'submitted'>): void => {
    const hashes = hashesOf(change)
    if (writeNew(change.key, submittedValues(change, hashes))) live.add(change.key.task.service, 1)
    for (const hash of hashes) if (hash !== null) absence.note(hash)
    noteSubmitted(change)
  }

  const writeFinished = (change: ChangeOf<'finished'>): void => {
    const { key, phase } = change
    const columns = [rankOf(phase), ...finishedValues(change)]
    const { changes } = statements.finished.run(...columns, ...keyOf(key))
    if (changes === 1) live.add(key.task.service, -1)
    else statements.finishedEarly.run(...keyOf(key), ...columns)
  }

  const write = (change: ViewChange): void => {
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
  }

  const writeWhole = ({ submitted, started, finished }: WholeAttempt): void => {
    const { key } = submitted
    const rank = rankOf(finished?.phase ?? started?.phase ?? 'Submitted')
    const end = finished === undefined ? [null, null, null] : finishedValues(finished)
    const values = [
      rank,
      ...submittedValues(submitted, hashesOf(submitted)),
      started?.seq ?? null,
      started?.at ?? null,
      ...end,
    ]
    if (statements.whole.run(...keyOf(key), ...values).changes === 0) {
      for (const change of [submitted, started, finished]) if (change !== undefined) write(change)
      return
    }
    if (finished === undefined) live.add(key.task.service, 1)
    noteSubmitted(submitted)
  }

  return { write, writeWhole }
}

/** In the order of their columns; null where a request had no key. */
function hashesOf({ key, repository, data }: ChangeOf<'submitted'>): (number | null)[] {
  const { attempt, idempotencyKey } = data
  return [
    hashOfName(attempt.name),
    hashOfBranch(repository, attempt.branch),
    idempotencyKey === undefined ? null : hashOfKey(idempotencyKey),
    hashOfTask(key.task),
  ]
}

/** In the order of their columns. */
function submittedValues(
  { seq, at, eventId, repository, data }: ChangeOf<'submitted'>,
  hashes: readonly (number | null)[],
): SQLInputValue[] {
  return [seq, eventId, at, data.attempt.agent, repository, ...hashes, JSON.stringify(data), 1]
}

function finishedValues({ seq, at, data }: ChangeOf<'finished'>): SQLInputValue[] {
  return [seq, at, JSON.stringify(data)]
}

function keyOf({ task, n }: AttemptKey): SQLInputValue[] {
  return [task.service, task.tag, task.taskId, n]
}
