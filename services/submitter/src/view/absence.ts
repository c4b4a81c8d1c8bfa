import type { DatabaseSync } from 'node:sqlite'
import type { TaskRef } from '@orchestrator/shared/contracts'
import { z } from 'zod'
import type { ChangeOf } from './fold.ts'
import { createHashFilter, hashOn } from './hash-filter.ts'

/**
 * What a view surely does not hold. Every submit asks for a key, a task, a branch and a name, and mostly none of them is
 * there: to be told so by the indexes took a fourteenth of its processor time.
 */
export interface Absence {
  /** An attempt that the view has just learnt of. */
  note(submitted: Pick<ChangeOf<'submitted'>, 'key' | 'repository' | 'data'>): void
  mayHoldKey(idempotencyKey: string): boolean
  mayHoldTask(task: TaskRef): boolean
  /** @param repository its normalised URL */
  mayHoldBranch(repository: string, branch: string): boolean
  mayHoldName(name: string): boolean
}

/** Any four numbers: the same text may be there as one and not as another. */
const KEY = 0x9e3779b1
const TASK = 0x85ebca77
const BRANCH = 0xc2b2ae3d
const NAME = 0x27d4eb2f

/** Of what the file holds. */
export function createAbsence(database: DatabaseSync): Absence {
  const filter = createHashFilter()
  for (const hash of hashesIn(database)) filter.note(hash)
  return {
    note: ({ key, repository, data }) => {
      if (data.idempotencyKey !== undefined) filter.note(hashOn(KEY, data.idempotencyKey))
      filter.note(ofTask(key.task))
      filter.note(ofBranch(repository, data.attempt.branch))
      filter.note(hashOn(NAME, data.attempt.name))
    },
    mayHoldKey: (idempotencyKey) => filter.mayHold(hashOn(KEY, idempotencyKey)),
    mayHoldTask: (task) => filter.mayHold(ofTask(task)),
    mayHoldBranch: (repository, branch) => filter.mayHold(ofBranch(repository, branch)),
    mayHoldName: (name) => filter.mayHold(hashOn(NAME, name)),
  }
}

function ofTask({ service, tag, taskId }: TaskRef): number {
  return hashOn(hashOn(hashOn(TASK, service), tag), taskId)
}

function ofBranch(repository: string, branch: string): number {
  return hashOn(hashOn(BRANCH, repository), branch)
}

const Key = z.object({ idempotency_key: z.string() })
const Task = z.object({ service: z.string(), tag: z.string(), taskId: z.string() })
const Branch = z.object({ repository: z.string(), branch: z.string() })
const Name = z.object({ name: z.string() })

/** Each statement reads one index alone. */
function* hashesIn(database: DatabaseSync): Generator<number> {
  const rows = (columns: string, where: string): Iterable<unknown> =>
    database.prepare(`SELECT ${columns} FROM attempts WHERE ${where}`).iterate()
  for (const row of rows('idempotency_key', 'idempotency_key IS NOT NULL'))
    yield hashOn(KEY, Key.parse(row).idempotency_key)
  for (const row of rows('service, tag, task_id AS "taskId"', 'true')) yield ofTask(Task.parse(row))
  for (const row of rows('repository, branch', 'repository IS NOT NULL')) {
    const { repository, branch } = Branch.parse(row)
    yield ofBranch(repository, branch)
  }
  for (const row of rows('name', 'name IS NOT NULL')) yield hashOn(NAME, Name.parse(row).name)
}
