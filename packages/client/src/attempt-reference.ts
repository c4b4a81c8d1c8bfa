import { DEFAULT_TAG } from '@orchestrator/shared/contracts'
import { TerminalError } from '@orchestrator/shared/core'
import type { Client } from './client.ts'
import type { Attempt } from './generated/api.ts'

/** What a person names: an attempt, the latest attempt of a task, or the latest of a service. */
export interface AttemptReference {
  /** Name of an attempt, or of a service. */
  readonly name: string
  readonly taskId: string | undefined
  readonly tag: string | undefined
}

/** An attempt ends with its task and number, and perhaps a hash; no service is called like that. */
function isAttemptName(name: string): boolean {
  return /-task\d+(?:-\d+)*-attempt\d+(?:-[a-z2-7]{5,12})?$/.test(name)
}

/**
 * @throws TerminalError NOT_FOUND naming what was looked for, INPUT_INVALID for a task id after an attempt;
 *   what the client throws
 */
export async function findAttempt(
  client: Pick<Client, 'getAttempt' | 'listAttempts'>,
  { name, taskId, tag }: AttemptReference,
): Promise<Attempt> {
  if (isAttemptName(name)) {
    if (taskId === undefined) return await client.getAttempt({ path: { name } })
    throw new TerminalError('INPUT_INVALID', `${name} is an attempt already: leave out ${JSON.stringify(taskId)}`)
  }
  const onlyTag = tag ?? (taskId === undefined ? undefined : DEFAULT_TAG)
  const { attempts } = await client.listAttempts({ query: { service: name, taskId, tag: onlyTag, limit: 1 } })
  const [latest] = attempts
  if (latest !== undefined) return latest
  const what =
    taskId === undefined
      ? `service ${JSON.stringify(name)}`
      : `task ${JSON.stringify(taskId)} of ${JSON.stringify(name)}`
  throw new TerminalError(
    'NOT_FOUND',
    `${what} has no attempt${onlyTag === undefined ? '' : ` with the tag ${JSON.stringify(onlyTag)}`}`,
  )
}
