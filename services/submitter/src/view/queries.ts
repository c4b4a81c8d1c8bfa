import type { DatabaseSync } from 'node:sqlite'
import { type AttemptSpec, TaskRef } from '@orchestrator/shared/contracts'
import { z } from 'zod'
import type { HashFilter } from './hash-filter.ts'
import { hashOfBranch, hashOfKey, hashOfName, hashOfTask } from './hashes.ts'
import type { LatestSpecs } from './latest-specs.ts'
import { createLists, type ViewLists } from './lists.ts'
import type { LiveCounts } from './live-counts.ts'
import { preparedLater } from './prepared-later.ts'
import { AttemptRow, ROW_COLUMNS } from './rows.ts'
import { FIRST_TERMINAL_RANK } from './schema.ts'

/** What the view answers, at once and in a time that does not grow with the number of attempts. */
export interface ViewQueries extends ViewLists {
  attemptByName(name: string): AttemptRow | undefined
  /** The first attempt that was accepted under an idempotency key. */
  attemptByKey(key: string): AttemptRow | undefined
  latestOfTask(task: TaskRef): AttemptRow | undefined
  /** The newest attempt of a task in a repository (normalised URL): what decides about its branch. */
  latestOfTaskIn(task: TaskRef, repository: string): AttemptRow | undefined
  /** The spec of the newest attempt of a service. */
  lastSpecOfService(service: string): AttemptSpec | undefined
  isNameTaken(name: string): boolean
  /** Another task that has had an attempt on this branch. */
  branchHolder(on: BranchRef, task: TaskRef): TaskRef | undefined
  /** Whether attempts of the task before this sequence worked on the branch. */
  isBranchUsed(on: BranchRef, task: TaskRef, beforeSeq: number): boolean
  isServiceKnown(service: string, beforeSeq: number): boolean
  /** Unfinished attempts of a service. */
  liveOfService(service: string): number
  /** Unfinished attempts of a service that were submitted earlier; counted up to {@link AHEAD_MAX}. */
  aheadOf(service: string, seq: number): number
  /** Unfinished attempts of all services. */
  live(): number
}

export interface BranchRef {
  /** Normalised URL. */
  readonly repository: string
  readonly branch: string
}

const AHEAD_MAX = 1000

/** Read from what was submitted only where their hashes match. */
const NAME = `submitted ->> '$.attempt.name'`
const BRANCH = `submitted ->> '$.attempt.branch'`
const IDEMPOTENCY_KEY = `submitted ->> '$.idempotencyKey'`

const IS_TASK = 'service = ? AND tag = ? AND task_id = ?'
const HOLDER = `
  SELECT service, tag, task_id AS "taskId" FROM attempts
  WHERE branch_hash = ? AND repository = ? AND ${BRANCH} = ? AND submitted_seq IS NOT NULL AND NOT (${IS_TASK})
  ORDER BY submitted_seq LIMIT 1`
const BRANCH_USED = `
  SELECT 1 FROM attempts INDEXED BY by_branch
  WHERE branch_hash = ? AND repository = ? AND ${BRANCH} = ? AND ${IS_TASK} AND submitted_seq < ? LIMIT 1`
const LIVE_RANKS = Array.from({ length: FIRST_TERMINAL_RANK }, (_, rank) => rank).join(', ')
const AHEAD = `
  SELECT count(*) AS count FROM (
    SELECT 1 FROM attempts INDEXED BY list_service_rank
    WHERE service = ? AND rank IN (${LIVE_RANKS}) AND submitted_seq < ? LIMIT ${AHEAD_MAX})`

const Count = z.object({ count: z.int() })

const rows = (where: string): string =>
  `SELECT ${ROW_COLUMNS} FROM attempts WHERE submitted_seq IS NOT NULL AND ${where} LIMIT 1`

/** What is kept in memory beside the tables. */
export interface Kept {
  readonly live: LiveCounts
  readonly specs: LatestSpecs
  /** Of hashes of keys, tasks, branches and names. */
  readonly absence: HashFilter
}

export function createViewQueries(database: DatabaseSync, { live, specs, absence }: Kept): ViewQueries {
  const statements = {
    byName: database.prepare(rows(`name_hash = ? AND ${NAME} = ? ORDER BY submitted_seq`)),
    byKey: database.prepare(rows(`key_hash = ? AND ${IDEMPOTENCY_KEY} = ? ORDER BY submitted_seq`)),
    ofTask: database.prepare(rows(`${IS_TASK} ORDER BY n DESC`)),
    ofTaskIn: database.prepare(rows(`${IS_TASK} AND repository = ? ORDER BY n DESC`)),
    nameTaken: database.prepare(`SELECT 1 FROM attempts WHERE name_hash = ? AND ${NAME} = ? LIMIT 1`),
    holder: database.prepare(HOLDER),
    branchUsed: preparedLater(database, BRANCH_USED),
    serviceKnown: database.prepare('SELECT 1 FROM attempts WHERE service = ? AND submitted_seq < ? LIMIT 1'),
    ahead: preparedLater(database, AHEAD),
  }
  const row = (found: unknown): AttemptRow | undefined => (found === undefined ? undefined : AttemptRow.parse(found))
  return {
    ...createLists(database),
    attemptByName: (name) => {
      const hash = hashOfName(name)
      return absence.mayHold(hash) ? row(statements.byName.get(hash, name)) : undefined
    },
    attemptByKey: (key) => {
      const hash = hashOfKey(key)
      return absence.mayHold(hash) ? row(statements.byKey.get(hash, key)) : undefined
    },
    latestOfTask: (task) =>
      absence.mayHold(hashOfTask(task)) ? row(statements.ofTask.get(...taskOf(task))) : undefined,
    latestOfTaskIn: (task, repository) => row(statements.ofTaskIn.get(...taskOf(task), repository)),
    lastSpecOfService: (service) => specs.of(service),
    isNameTaken: (name) => {
      const hash = hashOfName(name)
      return absence.mayHold(hash) && statements.nameTaken.get(hash, name) !== undefined
    },
    branchHolder: ({ repository, branch }, task) => {
      const hash = hashOfBranch(repository, branch)
      if (!absence.mayHold(hash)) return undefined
      const found = statements.holder.get(hash, repository, branch, ...taskOf(task))
      return found === undefined ? undefined : TaskRef.parse(found)
    },
    isBranchUsed: ({ repository, branch }, task, beforeSeq) =>
      statements.branchUsed().get(hashOfBranch(repository, branch), repository, branch, ...taskOf(task), beforeSeq) !==
      undefined,
    isServiceKnown: (service, beforeSeq) => statements.serviceKnown.get(service, beforeSeq) !== undefined,
    liveOfService: (service) => live.of(service),
    aheadOf: (service, seq) => Count.parse(statements.ahead().get(service, seq)).count,
    live: () => live.all(),
  }
}

function taskOf({ service, tag, taskId }: TaskRef): [string, string, string] {
  return [service, tag, taskId]
}
