/** How a call names an attempt: by its name, or as the latest of a service or task. */
import { type Attempt, findAttempt } from '@orchestrator/client'
import { TerminalError } from '@orchestrator/shared/core'
import { z } from 'zod'
import { optional, tag, taskId } from './parameters.ts'
import type { TaskApi } from './task-api.ts'

export const reference = {
  attempt: optional('name of an attempt as it was answered, for example "trader-claude-agent-1-task1-attempt1"'),
  service: optional('service: its latest attempt, or with task_id the latest of that task'),
  task_id: z.exactOptional(taskId).describe('task of the service: its latest attempt'),
  tag,
}

interface Reference {
  readonly attempt?: string
  readonly service?: string
  readonly task_id?: string | number
  readonly tag?: string
}

/** @throws TerminalError INPUT_INVALID for a reference that names nothing or two things; what findAttempt throws */
export async function resolve(api: TaskApi, named: Reference): Promise<Attempt> {
  const { attempt, tag: list } = named
  const task = named.task_id === undefined ? undefined : String(named.task_id)
  if (attempt === undefined && named.service === undefined) {
    throw new TerminalError(
      'INPUT_INVALID',
      'nothing says which attempt: pass attempt (its name), or service, with task_id for one of its tasks',
    )
  }
  if (attempt === undefined) return await findAttempt(api, { name: named.service ?? '', taskId: task, tag: list })
  const view = await api.getAttempt({ path: { name: attempt } })
  const said = [
    ['service', named.service, view.service],
    ['task_id', task, view.taskId],
    ['tag', list, view.tag],
  ] as const
  const wrong = said.find(([, value, is]) => value !== undefined && value !== is)
  if (wrong === undefined) return view
  const [name, value, is] = wrong
  throw new TerminalError(
    'INPUT_INVALID',
    `${name} ${JSON.stringify(value)} does not fit attempt "${attempt}", which has ${name} "${is}": pass only one of them`,
  )
}
