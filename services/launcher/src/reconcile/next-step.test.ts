import type { Grant, WorkspaceDocument } from '@orchestrator/shared/contracts'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { AttemptHistory } from '../memory/attempt-history.ts'
import { emptyDocument } from '../queue/queue.ts'
import type { SlotChoice } from '../queue/slots.ts'
import { entryOf, finished, NOTHING, specOf, started, stopRequested } from '../testing/builders.ts'
import {
  type BranchFact,
  type GrantFacts,
  type LaunchFact,
  nextStep,
  type Situation,
  type Step,
  type WorkloadFact,
} from './next-step.ts'

const spec = specOf()
const head = entryOf(spec, 7)
const grant: Grant = { ...head, epoch: { generation: 1, sequence: 9 }, slots: [], workloadUid: null, finished: false }
const other = {
  v: 1,
  service: 'auth',
  tag: 'master',
  taskId: '1',
  repository: 'github.com/org/trader',
  branch: spec.branch,
} as const
const STOP: AttemptHistory = { ...NOTHING, stop: stopRequested(spec) }
const ELSEWHERE = { kind: 'elsewhere', location: 'far', vouchedBy: undefined } as const
const STARTED: AttemptHistory = { ...NOTHING, started: started(spec, 'uid') }
const STARTED_STOP: AttemptHistory = { ...STARTED, stop: stopRequested(spec) }
const DONE: AttemptHistory = { ...STARTED, finished: finished(spec) }
const DONE_UNSTARTED: AttemptHistory = { ...NOTHING, finished: finished(spec, 'Failed') }
const enough: SlotChoice = { kind: 'enough', keep: [], take: ['global.0'] }
const behind: SlotChoice = { kind: 'behind', cap: { name: 'global', size: 1 }, services: ['auth'] }
const full: SlotChoice = { kind: 'full', cap: { name: 'global', size: 1 } }

const waiting = (history: AttemptHistory, slots: SlotChoice = enough, staleSlots = false): Situation => {
  return { at: 'waiting', head, history, slots, staleSlots }
}
const unstarted = (facts: Partial<Extract<GrantFacts, { stage: 'unstarted' }>> = {}): GrantFacts => {
  return { stage: 'unstarted', heldUid: undefined, branch: { kind: 'ours' }, launch: { kind: 'due' }, ...facts }
}
const granted = (history: AttemptHistory, facts: GrantFacts, changes: Partial<Grant> = {}): Situation => {
  return { at: 'granted', grant: { ...grant, ...changes }, history, facts }
}
const running = (workload: WorkloadFact): GrantFacts => ({ stage: 'started', workload })
const knownUid = { workloadUid: 'uid' }

const TABLE: readonly [string, Situation, Step['kind'], object?][] = [
  ['an empty workspace', { at: 'empty' }, 'idle'],
  [
    'a stopped entry somewhere in the queue',
    { at: 'stopping', entry: head, history: STOP },
    'finishUnstarted',
    { verdict: { phase: 'Stopped', reason: 'StopRequested' } },
  ],
  ['a stopped entry that has ended', { at: 'stopping', entry: head, history: DONE_UNSTARTED }, 'skipFinished'],
  ['a head that is finished', waiting(DONE_UNSTARTED), 'skipFinished'],
  ['a head that was stopped before the mark came', waiting(STOP), 'finishUnstarted', { verdict: { phase: 'Stopped' } }],
  ['a head that has a workload already', waiting(STARTED), 'adopt'],
  ['a head that had a workload and ended: its release needs proof', waiting(DONE), 'adopt'],
  ['a head while slots are held for nothing', waiting(NOTHING, enough, true), 'returnStaleSlots'],
  ['a head without a free slot', waiting(NOTHING, full), 'waitForSlot', { cap: { name: 'global', size: 1 } }],
  ['a head that others go before', waiting(NOTHING, behind), 'waitForTurn', { services: ['auth'] }],
  ['a head with slots in reach', waiting(NOTHING), 'grant'],
  ['a grant whose branch nobody has', granted(NOTHING, unstarted({ branch: { kind: 'unclaimed' } })), 'claimBranch'],
  [
    'a grant whose branch another task has',
    granted(NOTHING, unstarted({ branch: { kind: 'taken', by: other } })),
    'finishUnstarted',
    { verdict: { phase: 'Failed', reason: 'WorkspaceConflict' } },
  ],
  ['a grant without a workload', granted(NOTHING, unstarted()), 'launch'],
  [
    'a grant whose launch failed just now',
    granted(NOTHING, unstarted({ launch: { kind: 'later', inMs: 5, problem: 'x' } })),
    'waitToLaunch',
    { inMs: 5 },
  ],
  [
    'a grant whose launch failed too often',
    granted(NOTHING, unstarted({ launch: { kind: 'failed', reason: 'LaunchFailed', message: 'x' } })),
    'finishUnstarted',
    { verdict: { phase: 'Failed', reason: 'LaunchFailed' } },
  ],
  ['a grant with a held workload', granted(NOTHING, unstarted({ heldUid: 'uid' })), 'publishStarted', knownUid],
  [
    'a grant with a held workload, stopped',
    granted(STOP, unstarted({ heldUid: 'uid' })),
    'finishUnstarted',
    { verdict: { phase: 'Stopped' } },
  ],
  [
    'a grant that the document marks as stopped',
    granted(NOTHING, unstarted({ heldUid: 'uid' }), { stopRequested: true }),
    'finishUnstarted',
  ],
  [
    'a grant that is finished without a workload',
    granted(DONE_UNSTARTED, { stage: 'finished', released: true, ours: true }),
    'release',
    { started: false },
  ],
  [
    'a held workload that is started',
    granted(STARTED, running({ kind: 'held', dueInMs: 9 })),
    'letGo',
    { ...knownUid, dueInMs: 9 },
  ],
  [
    'a held workload that is started and stopped',
    granted(STARTED_STOP, running({ kind: 'held', dueInMs: 9 }), knownUid),
    'stop',
    { cause: 'requested' },
  ],
  [
    'a running workload',
    granted(STARTED, running({ kind: 'running', overdue: false, dueInMs: 9 }), knownUid),
    'idle',
    { lookAgainMs: 9 },
  ],
  [
    'a running workload that is stopped',
    granted(STARTED_STOP, running({ kind: 'running', overdue: false, dueInMs: 9 }), knownUid),
    'stop',
    { cause: 'requested' },
  ],
  [
    'a running workload past its limit',
    granted(STARTED, running({ kind: 'running', overdue: true, dueInMs: 0 }), knownUid),
    'stop',
    { cause: 'deadline' },
  ],
  ['a workload that is gone: the watcher speaks', granted(STARTED, running({ kind: 'gone' }), knownUid), 'idle'],
  ['a stopped workload that is gone', granted(STARTED_STOP, running({ kind: 'gone' }), knownUid), 'idle'],
  ['a workload on another machine', granted(STARTED_STOP, running(ELSEWHERE), knownUid), 'idle'],
  [
    'a workload on a machine that is gone, as a person vouched',
    granted(STARTED, running({ ...ELSEWHERE, vouchedBy: 'ada' }), knownUid),
    'finishLost',
    { verdict: { phase: 'Unknown', reason: 'WorkloadLost', message: expect.stringMatching(/^ada vouched .*\(far\)/) } },
  ],
  [
    'a finished workload of which nothing runs',
    granted(DONE, { stage: 'finished', released: true, ours: true }),
    'release',
    { started: true },
  ],
  [
    'an attempt of which nothing is left, with another one waiting',
    granted(DONE, { stage: 'finished', released: true, ours: true, next: head }),
    'passOn',
    { head, started: true },
  ],
  [
    'a finished workload without proof',
    granted(DONE, { stage: 'finished', released: false, ours: true }),
    'noteFinished',
  ],
  [
    'a finished workload without proof, noted',
    granted(DONE, { stage: 'finished', released: false, ours: true }, { finished: true }),
    'awaitRelease',
    knownUid,
  ],
]

describe('nextStep', () => {
  it.each(TABLE)('knows %s', (...[, situation, kind, details]) => {
    expect(nextStep(emptyDocument('trader'), situation)).toMatchObject({ kind, ...details })
  })

  it('fetches the rest of the queue before anything else', () => {
    const document: WorkspaceDocument = { ...emptyDocument('trader'), overflowAfter: 640 }
    expect(nextStep(document, waiting(NOTHING)).kind).toBe('refill')
  })

  it('says which task has the branch', () => {
    const step = nextStep(
      emptyDocument('trader'),
      granted(NOTHING, unstarted({ branch: { kind: 'taken', by: other } })),
    )
    expect(step).toMatchObject({
      verdict: { message: expect.stringContaining('belongs to task 1 of auth (tag master)') },
    })
  })
})

const branch = fc.constantFrom<BranchFact>({ kind: 'unclaimed' }, { kind: 'ours' }, { kind: 'taken', by: other })
const launch = fc.constantFrom<LaunchFact>(
  { kind: 'due' },
  { kind: 'later', inMs: 1, problem: 'x' },
  { kind: 'failed', reason: 'LaunchFailed', message: 'x' },
)
const workload = fc.constantFrom<WorkloadFact>(
  { kind: 'held', dueInMs: 1 },
  { kind: 'running', overdue: false, dueInMs: 1 },
  { kind: 'running', overdue: true, dueInMs: 0 },
  { kind: 'gone' },
  ELSEWHERE,
  { ...ELSEWHERE, vouchedBy: 'ada' },
)
const grants = fc
  .record({ stopRequested: fc.boolean(), finished: fc.boolean(), workloadUid: fc.constantFrom(null, 'uid') })
  .map((changes) => ({ ...grant, ...changes }))
/** Every world that can be gathered: facts of a stage only with the history of that stage. */
const situations: fc.Arbitrary<Situation> = fc.oneof(
  fc.record({
    at: fc.constant('granted' as const),
    grant: grants,
    history: fc.constantFrom(NOTHING, STOP),
    facts: fc.record({
      stage: fc.constant('unstarted' as const),
      heldUid: fc.constantFrom(undefined, 'uid'),
      branch,
      launch,
    }),
  }),
  fc.record({
    at: fc.constant('granted' as const),
    grant: grants,
    history: fc.constantFrom(STARTED, STARTED_STOP),
    facts: fc.record({ stage: fc.constant('started' as const), workload }),
  }),
  fc.record({
    at: fc.constant('granted' as const),
    grant: grants,
    history: fc.constantFrom(DONE, DONE_UNSTARTED),
    facts: fc
      .record({ released: fc.boolean(), ours: fc.boolean(), waits: fc.boolean() })
      .map(({ waits, ...facts }) => ({ stage: 'finished' as const, ...facts, ...(waits && { next: head }) })),
  }),
)

describe('whatever the world is', () => {
  it('lets nothing go that is stopped, finished or not started', () => {
    fc.assert(
      fc.property(situations, (situation) => {
        const step = nextStep(emptyDocument('trader'), situation)
        if (situation.at !== 'granted') return
        const { history, grant: given } = situation
        const stopped = given.stopRequested || history.stop !== undefined
        if (step.kind === 'letGo')
          expect(history.started !== undefined && history.finished === undefined && !stopped).toBe(true)
        if (step.kind === 'publishStarted' || step.kind === 'launch') expect(history).toEqual(NOTHING)
        if (step.kind === 'finishUnstarted') expect(history.started ?? history.finished).toBeUndefined()
        if (step.kind === 'release' || step.kind === 'passOn') {
          expect(history.finished).toBeDefined()
          expect(
            history.started === undefined || (situation.facts.stage === 'finished' && situation.facts.released),
          ).toBe(true)
        }
        if (step.kind === 'finishLost') {
          const { facts } = situation
          expect(facts).toMatchObject({ stage: 'started', workload: { kind: 'elsewhere', vouchedBy: 'ada' } })
          expect(history.finished).toBeUndefined()
        }
        if (step.kind === 'stop') expect(history.started !== undefined && history.finished === undefined).toBe(true)
      }),
    )
  })
})
