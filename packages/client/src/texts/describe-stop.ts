/** What a stop answers to a person: what is kept, and how to go on. Pure. */
import { printableLine } from '@orchestrator/shared/core'
import type { Attempt, StopAnswer } from '../generated/api.ts'
import { nextWay } from './describe-attempt.ts'
import { formatFields } from './table.ts'
import type { Ways } from './ways.ts'

export interface StopText {
  readonly answer: StopAnswer
  /** As it was when the stop was asked for. */
  readonly attempt: Attempt
  readonly ways: Ways
}

export function describeStop({ answer, attempt, ways }: StopText): string {
  const after = { ...attempt, phase: answer.phase }
  return [printableLine(answer.message), describeKept(after), '', nextWay(after, ways)].join('\n')
}

function describeKept({ name, branch, workspace, repository }: Attempt): string {
  return formatFields([
    ['Attempt', name],
    ['Branch', `${printableLine(branch)} of ${printableLine(repository.url)}`],
    ['Workspace', `${printableLine(workspace)} (kept)`],
  ])
}
