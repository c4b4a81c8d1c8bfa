import { describe, expect, it } from 'vitest'
import { emptyDocument, grantTo, note } from '../queue/queue.ts'
import type { Step } from '../reconcile/next-step.ts'
import { entryOf, specOf } from '../testing/builders.ts'
import { progressOf } from './waiting-progress.ts'

const first = entryOf(specOf(), 1)
const second = entryOf(specOf({ n: 2 }), 2)
const third = entryOf(specOf({ taskId: '2' }), 3)
const queue = [first, second, third].reduce(
  (document, entry) => note(document, { entry, finished: false }),
  emptyDocument('trader'),
)
const granted = grantTo(queue, first, { epoch: { generation: 1, sequence: 1 }, slots: [], workloadUid: 'uid' })
const grant = granted.grant ?? {
  ...first,
  epoch: { generation: 1, sequence: 1 },
  slots: [],
  workloadUid: null,
  finished: false,
}

const said = (document: typeof queue, step: Step) =>
  progressOf(document, step).map(({ entry, data }) => [entry.n, entry.taskId, data])

describe('progressOf', () => {
  it('names who goes first and how many do', () => {
    expect(said(granted, { kind: 'idle' })).toEqual([
      [
        2,
        '1',
        {
          phase: 'Queued',
          ahead: 1,
          reason: 'WaitingForWorkspace',
          message: 'behind trader-claude-agent-1-task1-attempt1',
        },
      ],
      [
        1,
        '2',
        {
          phase: 'Queued',
          ahead: 2,
          reason: 'WaitingForWorkspace',
          message: 'behind trader-claude-agent-1-task1-attempt2',
        },
      ],
    ])
  })

  it('says why the head of a free workspace waits', () => {
    expect(
      said(queue, { kind: 'waitForSlot', head: first, cap: { name: 'agent.claude-agent-1', size: 2 } })[0],
    ).toEqual([
      1,
      '1',
      {
        phase: 'Queued',
        ahead: 0,
        reason: 'WaitingForSlot',
        message: 'all 2 places for attempts of claude-agent-1 are taken',
      },
    ])
  })

  it('says nothing of the one that gets the workspace now', () => {
    const step: Step = { kind: 'grant', head: first, slots: { kind: 'enough', keep: [], take: [] } }
    expect(progressOf(queue, step).map(({ entry }) => entry.name)).toEqual([second.name, third.name])
  })

  it.each([
    ['which a person must vouch for', false, /workload uid\).*"task release"/],
    ['which is being ended here', true, /workload uid\) and is being ended$/],
  ])('says that a workspace is busy after the end, and with what: a workload %s', (_what, ours, message) => {
    const step: Step = { kind: 'awaitRelease', grant, workloadUid: 'uid', location: 'far', ours }
    const [next] = progressOf(granted, step)
    expect(next?.data).toMatchObject({
      phase: 'Queued',
      reason: 'WorkspaceBusy',
      message: expect.stringMatching(message),
    })
  })

  it('speaks of the grant only until it is started', () => {
    expect(progressOf(granted, { kind: 'launch', grant })[0]).toMatchObject({
      entry: { n: 1 },
      data: { phase: 'Starting' },
    })
    expect(
      progressOf(granted, { kind: 'waitToLaunch', grant, inMs: 1, problem: 'no process' })[0]?.data.message,
    ).toContain('no process')
    expect(
      progressOf(granted, { kind: 'letGo', grant, workloadUid: 'uid', dueInMs: 1 }).some(
        ({ entry }) => entry.n === 1 && entry.taskId === '1',
      ),
    ).toBe(false)
  })
})
