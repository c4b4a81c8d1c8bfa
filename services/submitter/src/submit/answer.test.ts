import type { Phase, TaskSubmitted } from '@orchestrator/shared/contracts'
import { describe, expect, it } from 'vitest'
import { sampleSpec, storedSubmit } from '../testing/samples.ts'
import { type AnswerFacts, toSubmitAnswer } from './answer.ts'

const FIRST: AnswerFacts = {
  workspaceIsNew: true,
  branchIsNew: true,
  branchHolder: undefined,
  ahead: 0,
  previousPhase: undefined,
  repeated: false,
}
const retry = (previousPhase: Phase): [TaskSubmitted['data'], AnswerFacts] => {
  const data = storedSubmit({ seq: 5, spec: { n: 2 } }).event.data
  const previous = { n: 1, name: 'trader-claude-agent-1-task1-attempt1' }
  return [
    { ...data, previous },
    { ...FIRST, workspaceIsNew: false, branchIsNew: false, ahead: 1, previousPhase },
  ]
}

describe('toSubmitAnswer', () => {
  it('tells what comes next, in order', () => {
    expect(toSubmitAnswer(storedSubmit({ seq: 5 }).event.data, 5, FIRST).next).toEqual([
      'Start as soon as workspace-trader and a slot are free: nothing is ahead of it.',
      'Make workspace-trader and clone git@github.com:example/trader.git into it.',
      'Read the documents of task 1 in https://github.com/example/platform.git (branch main).',
      'Make the branch feature/task-1-implementation from main.',
      'claude-agent-1 works with sonnet in trader/, for 120 minutes at most.',
      'Commits are pushed to the branch, and the gates of the task decide; without any gate a success is not verified.',
      'Follow it: GET /v1/attempts/trader-claude-agent-1-task1-attempt1',
    ])
  })

  it('tells of a retry that it waits, and goes on', () => {
    const answer = toSubmitAnswer(...insertSequence(retry('Running')))
    expect(answer.next.slice(0, 4)).toEqual([
      'Wait for one attempt that uses workspace-trader before it (an estimate).',
      'Bring the clone of git@github.com:example/trader.git in workspace-trader up to date; what was left uncommitted there is saved first.',
      'Read the documents of task 1 in https://github.com/example/platform.git (branch main).',
      'Continue on the branch feature/task-1-implementation, with what the earlier attempt did at hand.',
    ])
    expect(answer.warnings).toEqual([
      'trader-claude-agent-1-task1-attempt1 has not ended (Running): this attempt waits for it. Stop that one if it is not wanted any more.',
    ])
  })

  it.each([
    ['Succeeded', ['trader-claude-agent-1-task1-attempt1 succeeded: this attempt continues on top of its work.']],
    ['Failed', []],
    ['Unknown', []],
  ] as const)('warns after %s of %j', (phase, warnings) => {
    expect(toSubmitAnswer(...insertSequence(retry(phase))).warnings).toEqual(warnings)
  })

  it('says whose the short branch is', () => {
    const spec = { branch: 'feature/auth-master-task-1-implementation-abcde', service: 'auth' }
    const facts = { ...FIRST, branchHolder: { service: 'trader', tag: 'master', taskId: '1' } }
    expect(toSubmitAnswer(storedSubmit({ seq: 5, spec }).event.data, 5, facts).warnings).toEqual([
      'The branch feature/task-1-implementation of this repository belongs to task trader/master/1: this task works on feature/auth-master-task-1-implementation-abcde.',
    ])
  })

  it.each([
    ['trader', 'default'],
    ['trader/', 'default'],
    ['trading-engine', 'custom'],
    ['.', 'custom'],
  ])('calls the working directory %s %s', (workingDirectory, kind) => {
    const { data } = storedSubmit({ seq: 5, spec: sampleSpec({ workingDirectory }) }).event
    expect(toSubmitAnswer(data, 5, FIRST)).toMatchObject({ workingDirectory, workingDirectoryKind: kind })
  })
})

function insertSequence([data, facts]: [TaskSubmitted['data'], AnswerFacts]): [
  TaskSubmitted['data'],
  number,
  AnswerFacts,
] {
  return [data, 5, facts]
}
