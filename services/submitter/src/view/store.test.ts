import { join } from 'node:path'
import {
  attemptSubject,
  createEvent,
  isTerminal,
  type LivePhase,
  NO_USAGE,
  progressSubject,
  taskBranch,
  type TerminalPhase,
} from '@orchestrator/shared/contracts'
import type { StoredEvent } from '@orchestrator/shared/nats'
import { temporaryDirectory } from '@orchestrator/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { storedSubmit } from '../testing/samples.ts'
import { toAttemptView } from './attempt-view.ts'
import type { StreamName } from './cursors.ts'
import { hashOfKey, hashOfName } from './hashes.ts'
import { openViewStore, type ViewStore } from './store.ts'

const TASK = { service: 'trader', tag: 'master', taskId: '1' }
const ref = (n: number) => ({ ...TASK, n })
const head = (seq: number, source: string) => ({ id: `${source}-${seq}`, source, subject: 'name', time: new Date(0) })
const at = (seq: number, subject: string): { seq: number; subject: string; time: Date } => ({
  seq,
  subject,
  time: new Date(seq * 1000),
})

const started = (seq: number, n: number): StoredEvent => {
  const data = {
    name: `a${n}`,
    submittedId: 'x',
    runtime: 'process',
    location: 'm',
    workloadUid: 'u',
    epoch: { generation: 1, sequence: 1 },
    branch: 'b',
    repository: 'r',
  }
  return {
    ...at(seq, attemptSubject(ref(n))),
    event: createEvent({ ...head(seq, 'started'), type: 'attempt.started', data }),
  }
}

const stopRequested = (seq: number, n: number): StoredEvent => {
  const data = { name: `a${n}`, requestedBy: { door: 'http', caller: 'x' } } as const
  return {
    ...at(seq, attemptSubject(ref(n))),
    event: createEvent({ ...head(seq, 'stop'), type: 'task.stopRequested', data }),
  }
}

const finished = (seq: number, n: number, phase: TerminalPhase): StoredEvent => {
  const data = {
    name: `a${n}`,
    submittedId: 'x',
    phase,
    reason: 'AgentError',
    message: `ended ${seq}`,
    verified: false,
  }
  return {
    ...at(seq, attemptSubject(ref(n))),
    event: createEvent({ ...head(seq, 'finished'), type: 'attempt.finished', data }),
  }
}

const progressed = (seq: number, n: number, phase: LivePhase): StoredEvent => {
  const data = {
    name: `a${n}`,
    phase,
    message: `progress ${seq}`,
    usage: { ...NO_USAGE, turns: seq },
    step: 'testing',
  } as const
  return {
    ...at(seq, progressSubject(ref(n))),
    event: createEvent({ ...head(seq, 'progress'), type: 'attempt.progressed', data }),
  }
}

interface Arrival {
  readonly stream: StreamName
  readonly stored: StoredEvent
}

function contentOf(store: ViewStore): unknown {
  const rows = store.queries.listAttempts({ filter: {}, latestOnly: false, limit: 1000 })
  const live = { all: store.queries.live(), trader: store.queries.liveOfService('trader') }
  return { rows, live, cursors: [store.cursor('TASKS'), store.cursor('PROGRESS')] }
}

/** Of a view that is read from the beginning. */
function openToRead(file: string): ViewStore {
  const store = openViewStore(file)
  makeIndexes(store)
  return store
}

function makeIndexes(store: ViewStore): void {
  while (store.makeNextIndex());
}

function fill(arrivals: readonly Arrival[]): ViewStore {
  const store = openToRead(':memory:')
  for (const { stream, stored } of arrivals) store.apply(stream, stored)
  store.commit()
  return store
}

/** As a view is filled that nobody reads yet, with a commit after so many events, and indexes at the end. */
function fillUnread(arrivals: readonly Arrival[], batch: number): ViewStore {
  const store = openViewStore(':memory:')
  arrivals.forEach(({ stream, stored }, i) => {
    store.apply(stream, stored)
    if (i % batch === batch - 1) store.commit()
  })
  makeIndexes(store)
  return store
}

/** Some attempts of one task, each as far as it may be, in the order of the ledger. */
const ledgerOf = (lives: readonly (readonly ('stop' | 'start' | 'finish')[])[]): Arrival[] => {
  let seq = 0
  return lives.flatMap((life, index) => {
    const n = index + 1
    seq += 1
    const submitted = storedSubmit({ seq, spec: { ...TASK, n, name: `a${n}` } })
    const events = life.map((what) => {
      seq += 1
      return what === 'stop' ? stopRequested(seq, n) : what === 'start' ? started(seq, n) : finished(seq, n, 'Failed')
    })
    return [submitted, ...events].map((stored) => ({ stream: 'TASKS' as const, stored }))
  })
}

const lives = fc.array(
  fc.constantFrom<readonly ('stop' | 'start' | 'finish')[]>(
    [],
    ['stop'],
    ['start'],
    ['start', 'finish'],
    ['stop', 'finish'],
    ['start', 'stop', 'finish'],
  ),
  { minLength: 1, maxLength: 5 },
)
const progress = fc.array(
  fc.tuple(fc.integer({ min: 1, max: 5 }), fc.constantFrom<LivePhase>('Queued', 'Starting', 'Running')),
  { maxLength: 8 },
)

/** Two sequences as one, each in its own order. */
function interleave<T>(a: readonly T[], b: readonly T[], choices: readonly boolean[]): T[] {
  const [left, right] = [[...a], [...b]]
  const merged: T[] = []
  for (let i = 0; left.length + right.length > 0; i += 1) {
    const from =
      right.length === 0 || (left.length > 0 && choices[i % Math.max(1, choices.length)] === true) ? left : right
    merged.push(...from.splice(0, 1))
  }
  return merged
}

describe('a view', () => {
  it('is the same however its two streams are interleaved, and when parts of them come again', () => {
    const choices = fc.array(fc.boolean(), { minLength: 1, maxLength: 40 })
    const cases = fc.record({
      someLives: lives,
      someProgress: progress,
      order: choices,
      again: choices,
      back: fc.nat(20),
    })
    fc.assert(
      fc.property(cases, ({ someLives, someProgress, order, again, back }) => {
        const tasks = ledgerOf(someLives)
        const told = someProgress.map(([n, phase], index) => ({
          stream: 'PROGRESS' as const,
          stored: progressed(index + 1, n, phase),
        }))
        using plain = fill([...tasks, ...told])
        const repeated = interleave(tasks.slice(-back), told.slice(-back), again)
        using other = fill([...interleave(tasks, told, order), ...repeated])
        expect(contentOf(other)).toEqual(contentOf(plain))
        using unread = fillUnread([...interleave(tasks, told, order), ...repeated], back + 1)
        expect(contentOf(unread)).toEqual(contentOf(plain))
      }),
      { numRuns: 200 },
    )
  })

  it('shows no time before that of an earlier event, although the clock of the broker was set back', () => {
    using store = openToRead(':memory:')
    const times = [7200, 3600, 60].map((seconds) => new Date(seconds * 1000))
    const events = [storedSubmit({ seq: 1 }), started(2, 1), finished(3, 1, 'Failed')]
    for (const [i, event] of events.entries()) store.apply('TASKS', { ...event, time: times[i] ?? event.time })
    const row = store.queries.attemptByName('trader-claude-agent-1-task1-attempt1')
    const view = row === undefined ? undefined : toAttemptView(row)
    const submittedAt = '1970-01-01T02:00:00.000Z'
    expect(view).toMatchObject({ submittedAt, startedAt: submittedAt, finishedAt: submittedAt })
  })

  it('never leaves a terminal phase', () => {
    fc.assert(
      fc.property(progress, fc.constantFrom<TerminalPhase>('Succeeded', 'Unknown'), (late, phase) => {
        const submitted = storedSubmit({ seq: 1, spec: { ...TASK, n: 1, name: 'a1' } })
        const told = late.map(([, live], index) => ({
          stream: 'PROGRESS' as const,
          stored: progressed(index + 1, 1, live),
        }))
        const ledger = [submitted, finished(2, 1, phase), finished(3, 1, 'Stopped')].map((stored) => ({
          stream: 'TASKS' as const,
          stored,
        }))
        using store = fill([...ledger, ...told])
        const [row] = store.queries.listAttempts({ filter: {}, latestOnly: false, limit: 1 })
        if (row === undefined) throw new Error('no row')
        expect(toAttemptView(row)).toMatchObject({ phase, message: 'ended 2' })
        expect(isTerminal(toAttemptView(row).phase)).toBe(true)
      }),
    )
  })

  it('shows nothing of an attempt that is known from progress alone', () => {
    using store = fill([{ stream: 'PROGRESS', stored: progressed(1, 1, 'Running') }])
    expect(contentOf(store)).toMatchObject({ rows: [], live: { all: 0 } })
    expect(store.queries.attemptByName('a1')).toBeUndefined()
    expect(store.queries.latestOfTask(TASK)).toBeUndefined()
  })

  it('knows the latest attempt of a task, what is unfinished, and what goes first', () => {
    const ledger = [
      storedSubmit({ seq: 1, spec: { ...TASK, n: 1, name: 'a1' } }),
      storedSubmit({ seq: 2, spec: { service: 'auth', taskId: '1', n: 1 } }),
      finished(3, 1, 'Failed'),
      storedSubmit({ seq: 4, spec: { ...TASK, n: 2, name: 'a2' } }),
      storedSubmit({ seq: 5, spec: { ...TASK, taskId: '2', n: 1, name: 'b1' } }),
    ]
    using store = fill(ledger.map((stored) => ({ stream: 'TASKS', stored })))
    const { queries } = store
    expect(queries.latestOfTask(TASK)?.submitted.attempt.name).toBe('a2')
    expect(queries.lastSpecOfService('trader')?.name).toBe('b1')
    expect(queries.lastSpecOfService('none')).toBeUndefined()
    expect(
      queries.listAttempts({ filter: {}, latestOnly: true, limit: 9 }).map(({ submitted_seq }) => submitted_seq),
    ).toEqual([5, 4, 2])
    expect([queries.live(), queries.liveOfService('trader'), queries.liveOfService('none')]).toEqual([3, 2, 0])
    expect([queries.aheadOf('trader', 4), queries.aheadOf('trader', 5), queries.aheadOf('trader', 1)]).toEqual([
      0, 1, 0,
    ])
  })

  it('keeps the newest spec of a service as events come, also when older ones come again', () => {
    using store = openToRead(':memory:')
    const submit = (seq: number, name: string): void =>
      store.apply('TASKS', storedSubmit({ seq, spec: { ...TASK, taskId: String(seq), name } }))
    const newest = (): string | undefined => store.queries.lastSpecOfService('trader')?.name
    expect(newest()).toBeUndefined()
    submit(1, 'a1')
    expect(newest()).toBe('a1')
    submit(2, 'a2')
    submit(1, 'a1')
    expect(newest()).toBe('a2')
  })

  it('counts what is unfinished again when its file is opened', async () => {
    await using directory = await temporaryDirectory()
    const file = join(directory.path, 'view.sqlite')
    {
      using store = openViewStore(file)
      store.apply('TASKS', storedSubmit({ seq: 1, spec: { ...TASK, n: 1, name: 'a1' } }))
      store.apply('TASKS', finished(2, 1, 'Failed'))
      store.apply('TASKS', storedSubmit({ seq: 3, spec: { ...TASK, n: 2, name: 'a2' } }))
      store.apply('TASKS', storedSubmit({ seq: 4, spec: { service: 'auth', taskId: '1', name: 'b1' } }))
      store.apply('PROGRESS', progressed(1, 7, 'Running'))
      store.commit()
    }
    using again = openViewStore(file)
    again.apply('TASKS', finished(5, 2, 'Succeeded'))
    expect([again.queries.live(), again.queries.liveOfService('trader')]).toEqual([1, 0])
  })

  it('goes on with a file that was left half filled', async () => {
    await using directory = await temporaryDirectory()
    const file = join(directory.path, 'view.sqlite')
    {
      using store = openViewStore(file)
      store.apply('TASKS', storedSubmit({ seq: 1, spec: { ...TASK, n: 1, name: 'a1' } }))
      store.commit()
      store.apply('TASKS', started(2, 1))
    }
    using again = openToRead(file)
    expect(again.cursor('TASKS')?.seq).toBe(1)
    for (const stored of [started(2, 1), finished(3, 1, 'Failed')]) again.apply('TASKS', stored)
    const [row] = again.queries.listAttempts({ filter: { phase: 'Failed' }, latestOnly: true, limit: 9 })
    expect(row).toMatchObject({ started_seq: 2, finished_seq: 3 })
    expect(again.queries.live()).toBe(0)
  })

  it('finds by key, task, branch and name what its file held when it was opened, and what comes after', async () => {
    await using directory = await temporaryDirectory()
    const file = join(directory.path, 'view.sqlite')
    const stored = (seq: number): StoredEvent =>
      storedSubmit({ seq, spec: { taskId: `${seq}`, name: `a${seq}` }, key: `http/local/${seq}` })
    const other = { ...TASK, service: 'auth' }
    const found = ({ queries }: ViewStore, seq: number): unknown[] => [
      queries.attemptByKey(`http/local/${seq}`)?.submitted_seq,
      queries.latestOfTask({ ...TASK, taskId: `${seq}` })?.submitted_seq,
      queries.branchHolder({ repository: 'github.com/example/trader', branch: taskBranch(`${seq}`) }, other)?.taskId,
      queries.attemptByName(`a${seq}`)?.submitted_seq,
      queries.isNameTaken(`a${seq}`),
    ]
    {
      using store = openViewStore(file)
      store.apply('TASKS', stored(1))
      makeIndexes(store)
      store.commit()
      expect(found(store, 1)).toEqual([1, 1, '1', 1, true])
    }
    using again = openViewStore(file)
    again.apply('TASKS', stored(2))
    expect(found(again, 1)).toEqual([1, 1, '1', 1, true])
    expect(found(again, 2)).toEqual([2, 2, '2', 2, true])
    expect(found(again, 3)).toEqual([undefined, undefined, undefined, undefined, false])
  })

  it('tells two keys and two names apart that have the same hash', () => {
    const [first, second] = [
      { key: 'http/local/2281', name: 'a8736' },
      { key: 'http/local/26944', name: 'a50344' },
    ]
    expect([hashOfKey(first.key), hashOfName(first.name)]).toEqual([hashOfKey(second.key), hashOfName(second.name)])
    const submit = (seq: number, { key, name }: typeof first): Arrival => ({
      stream: 'TASKS',
      stored: storedSubmit({ seq, spec: { taskId: `${seq}`, name }, key }),
    })
    using one = fill([submit(1, first)])
    expect(one.queries.attemptByKey(second.key)).toBeUndefined()
    expect([one.queries.attemptByName(second.name), one.queries.isNameTaken(second.name)]).toEqual([undefined, false])
    using both = fill([submit(1, first), submit(2, second)])
    expect(both.queries.attemptByKey(second.key)?.submitted_seq).toBe(2)
    expect(both.queries.attemptByName(first.name)?.submitted_seq).toBe(1)
  })

  it('knows who has a branch and under which key an attempt was made', () => {
    const ledger = [
      storedSubmit({ seq: 1, spec: { ...TASK, name: 'a1' }, key: 'http/local/k' }),
      storedSubmit({ seq: 2, spec: { service: 'auth', taskId: '1', name: 'b1' }, key: 'http/local/k' }),
    ]
    using store = fill(ledger.map((stored) => ({ stream: 'TASKS', stored })))
    const { queries } = store
    const on = { repository: 'github.com/example/trader', branch: 'feature/task-1-implementation' }
    expect(queries.branchHolder(on, { ...TASK, service: 'auth' })).toEqual(TASK)
    expect(queries.branchHolder(on, TASK)).toEqual({ ...TASK, service: 'auth' })
    expect(queries.branchHolder({ ...on, branch: 'other' }, TASK)).toBeUndefined()
    expect([queries.isBranchUsed(on, TASK, 1), queries.isBranchUsed(on, TASK, 2)]).toEqual([false, true])
    expect(queries.isBranchUsed(on, { ...TASK, taskId: '2' }, 9)).toBe(false)
    expect(queries.attemptByKey('http/local/k')?.submitted.attempt.name).toBe('a1')
    expect([queries.isNameTaken('a1'), queries.isNameTaken('a2')]).toEqual([true, false])
  })
})
