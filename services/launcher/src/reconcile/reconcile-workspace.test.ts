import {
  type AttemptSpec,
  attemptSubject,
  Settings,
  taskSubject,
  workspaceSubject,
} from '@orchestrator/shared/contracts'
import { RetryableError } from '@orchestrator/shared/core'
import { createTestClock } from '@orchestrator/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PATIENCE_MS } from '../progress/patience.ts'
import { servicesToLookAt, sweepSlots, sweepUnstarted } from '../sweeps.ts'
import { finished, released, specOf, started, stopRequested, submitted } from '../testing/builders.ts'
import { createFakeMachine, type FakeMachine } from '../testing/fake-runtime.ts'
import { createMemoryBroker, type MemoryBroker } from '../testing/memory-broker.ts'
import { AGENTS, createReplica, historyOf, hooked, hookedBroker, submit } from '../testing/test-world.ts'
import type { World } from '../world.ts'
import { noteAttempt, noteSubmission } from './note-attempt.ts'
import { reconcileWorkspace } from './reconcile-workspace.ts'

const never = new AbortController().signal

interface TestWorld {
  readonly broker: MemoryBroker
  readonly machine: FakeMachine
  readonly world: World
}

function createWorld(settings = Settings.parse(AGENTS)): TestWorld {
  const broker = createMemoryBroker()
  const machine = createFakeMachine(broker.ledger)
  return { broker, machine, world: createReplica({ broker, runtime: machine.runtime, settings }) }
}

async function submitAndNote({ broker, world }: TestWorld, ...specs: readonly AttemptSpec[]): Promise<void> {
  for (const spec of specs) {
    submit(broker, spec)
    await noteAttempt(world, spec, never)
  }
}

/** As its message does that comes for the first time, right after it was made. */
async function hearOf({ broker, world }: Pick<TestWorld, 'broker' | 'world'>, spec: AttemptSpec): Promise<void> {
  const event = submitted(spec)
  const seq = broker.events.find((stored) => stored.event.id === event.id)?.seq ?? 0
  await noteSubmission(world, { seq, event, isNew: true }, never)
}

function stop(broker: MemoryBroker, spec: AttemptSpec): void {
  if (!historyOf(broker, spec).includes('attempt.finished')) broker.append(attemptSubject(spec), stopRequested(spec))
}

/** What the watcher does: workloads end, and what ended after it was started is finished. */
function watch({ broker, machine }: Pick<TestWorld, 'broker' | 'machine'>): void {
  for (const { uid, attempt, state } of machine.workloads) {
    if (state === 'running') machine.end(attempt.submittedId)
    const history = historyOf(broker, attempt.spec)
    const isStarted = broker.events.some(
      ({ event }) => event.type === 'attempt.started' && event.data.workloadUid === uid,
    )
    if (state === 'gone' && isStarted && !history.includes('attempt.finished')) {
      broker.append(attemptSubject(attempt.spec), finished(attempt.spec))
    }
  }
}

async function settle(test: TestWorld, services: readonly string[] = ['trader']): Promise<void> {
  for (let turn = 0; turn < 60; turn += 1) {
    for (const service of services) await reconcileWorkspace(test.world, service, never)
    await sweepUnstarted(test.world, never)
    await sweepSlots(test.world)
    watch(test)
    if ((await servicesToLookAt(test.world)).length === 0) return
  }
  throw new Error('the world does not come to rest')
}

const first = specOf({ n: 1 })
const second = specOf({ n: 2 })

describe('one attempt', () => {
  it('costs four writes and no reading from its message to its release, where nobody else is at work', async () => {
    const broker = createMemoryBroker()
    const machine = createFakeMachine(broker.ledger)
    const calls: string[] = []
    const hooks = { before: async (call: string) => void calls.push(call), after: () => Promise.resolve() }
    const world = createReplica({ broker: hookedBroker(broker, hooks), runtime: machine.runtime })
    const test = { broker, machine, world }
    const live = async (spec: AttemptSpec): Promise<void> => {
      submit(broker, spec)
      await hearOf(test, spec)
      await reconcileWorkspace(world, 'trader', never)
      watch(test)
      watch(test)
      const end = broker.events.at(-1)
      if (end !== undefined) world.memory.hear(end)
      await reconcileWorkspace(world, 'trader', never)
    }
    await live(specOf({ taskId: '1' }))
    calls.length = 0
    await live(specOf({ taskId: '2' }))
    expect(calls).toEqual(['workspaces.update', 'branches.create', 'ledger.publish', 'workspaces.update'])
    expect(historyOf(broker, specOf({ taskId: '2' }))).toEqual(['attempt.started', 'attempt.finished'])
    expect((await broker.workspaces.get('trader'))?.value).toMatchObject({ grant: null, entries: [] })
    expect(machine.violations).toEqual([])
  })

  it('gets the workspace from the one before it in one write', async () => {
    const broker = createMemoryBroker()
    const machine = createFakeMachine(broker.ledger)
    const calls: string[] = []
    const hooks = { before: async (call: string) => void calls.push(call), after: () => Promise.resolve() }
    const world = createReplica({ broker: hookedBroker(broker, hooks), runtime: machine.runtime })
    const test = { broker, machine, world }
    const [before, after] = [specOf({ taskId: '1' }), specOf({ taskId: '2' })]
    await submitAndNote(test, before)
    await reconcileWorkspace(world, 'trader', never)
    await submitAndNote(test, after)
    watch(test)
    watch(test)
    calls.length = 0
    await reconcileWorkspace(world, 'trader', never)
    expect(calls.filter((call) => /update|create|publish/.test(call))).toEqual([
      'workspaces.update',
      'branches.create',
      'ledger.publish',
    ])
    expect((await broker.workspaces.get('trader'))?.value).toMatchObject({ grant: { taskId: '2' }, entries: [] })
    const epochs = broker.events.flatMap(({ event }) =>
      event.type === 'attempt.started' ? [event.data.epoch.sequence] : [],
    )
    expect(epochs[1]).toBeGreaterThan(epochs[0] ?? Number.POSITIVE_INFINITY)
    expect(machine.violations).toEqual([])
  })

  it('that has a workload although it waits is taken up as it was started', async () => {
    const test = createWorld()
    const [before, after] = [specOf({ taskId: '1' }), specOf({ taskId: '2' })]
    await submitAndNote(test, before)
    await reconcileWorkspace(test.world, 'trader', never)
    await submitAndNote(test, after)
    const event = started(after, 'uid')
    test.broker.append(attemptSubject(after), event)
    watch(test)
    watch(test)
    await reconcileWorkspace(test.world, 'trader', never)
    const grant = (await test.broker.workspaces.get('trader'))?.value.grant
    expect(grant).toMatchObject({ taskId: '2', epoch: event.data.epoch, workloadUid: 'uid' })
  })

  it('that another replica has noted is brought forward by whoever looks next, whatever it remembers', async () => {
    const test = createWorld()
    await submitAndNote(test, first)
    await settle(test)
    submit(test.broker, second)
    await noteAttempt(createReplica({ broker: test.broker, runtime: test.machine.runtime }), second, never)
    await reconcileWorkspace(test.world, 'trader', never)
    expect(historyOf(test.broker, second)).toEqual(['attempt.started'])
  })

  it('that has ended before its message was heard is not started again', async () => {
    const test = createWorld()
    await submitAndNote(test, specOf({ taskId: '9' }))
    await settle(test)
    submit(test.broker, first)
    test.broker.append(attemptSubject(first), finished(first))
    await hearOf(test, first)
    await settle(test)
    expect(historyOf(test.broker, first)).toEqual(['attempt.finished'])
    expect(test.machine.letGo).toHaveLength(1)
    expect(test.machine.workloads.every(({ state }) => state === 'gone')).toBe(true)
  })

  it('is granted, launched held, started, and only then let go', async () => {
    const test = createWorld()
    await submitAndNote(test, first)
    const rest = await reconcileWorkspace(test.world, 'trader', never)
    expect(historyOf(test.broker, first)).toEqual(['attempt.started'])
    expect(test.machine.letGo).toEqual(['uid-1'])
    // The runner enforces its limit first; the launcher looks again at limit plus grace.
    expect(rest.lookAgainMs).toBe(120 * 60_000 + 1000)
    expect((await test.world.workspaces.get('trader'))?.value).toMatchObject({
      grant: { n: 1, workloadUid: null, epoch: { generation: 1, sequence: 1 } },
      entries: [],
    })
    expect(test.broker.events.at(-1)?.event.data).toMatchObject({
      branch: first.branch,
      repository: 'github.com/org/trader',
      runtime: 'fake',
      location: 'here',
    })
  })

  it('gets its whole order', async () => {
    const test = createWorld()
    const retry = specOf({ n: 2 }, { prompt: { mode: 'append', guidance: 'Use reqwest.' } })
    await submitAndNote(test, specOf({ n: 1 }, { prompt: { mode: 'append', guidance: 'First.' } }), retry)
    await settle(test)
    expect(test.machine.workloads[1]?.attempt).toMatchObject({
      spec: { name: retry.name },
      workspaceDirectory: '/workspaces/workspace-trader',
      agent: { adapter: 'command', command: ['true'], environment: {} },
      promptFile: 'prompt.md',
      files: [{ file: 'prompt.md', destination: 'tasks/master-1/attempt-2/prompt.md', executable: false }],
      earlier: [{ n: 1, phase: 'Succeeded', guidance: 'First.', promptMode: 'append' }],
      tools: { hasToolman: false, fallback: { remoteTools: [], localServers: {} } },
    })
  })

  it('is told of the tools of its service, else of all services', async () => {
    const choice = (...remoteTools: readonly string[]): object => ({ tools: { remoteTools } })
    const common = { ...AGENTS, toolman: { command: ['toolman-client'] }, defaults: choice('search') }
    for (const [services, tool] of [
      [{ trader: choice('query') }, 'query'],
      [{}, 'search'],
    ] as const) {
      const test = createWorld(Settings.parse({ ...common, services }))
      await submitAndNote(test, first)
      await settle(test)
      expect(test.machine.workloads[0]?.attempt.tools).toEqual({
        hasToolman: true,
        fallback: { remoteTools: [tool], localServers: {} },
      })
    }
  })

  it('leaves the workspace only when it is finished and nothing of it runs', async () => {
    const test = createWorld()
    await submitAndNote(test, first, second)
    await reconcileWorkspace(test.world, 'trader', never)
    test.machine.leftovers.add('submitted-trader-claude-agent-1-task1-attempt1')
    test.machine.stubbornness = 2
    watch(test)
    watch(test)
    expect(historyOf(test.broker, first)).toContain('attempt.finished')
    expect(await reconcileWorkspace(test.world, 'trader', never)).toEqual({ lookAgainMs: 1 })
    expect(historyOf(test.broker, second)).toEqual([])
    expect(test.broker.said.at(-1)?.data).toMatchObject({ name: second.name, phase: 'Queued', reason: 'WorkspaceBusy' })
    await settle(test)
    expect(historyOf(test.broker, second)).toEqual(['attempt.started', 'attempt.finished'])
    expect(test.machine.violations).toEqual([])
  })

  it('says where it stands, once for each change', async () => {
    const test = createWorld()
    await submitAndNote(test, first, second)
    for (let i = 0; i < 3; i += 1) await reconcileWorkspace(test.world, 'trader', never)
    const said = test.broker.said.map(({ data: { name, phase, message, ahead } }) => ({ name, phase, message, ahead }))
    expect(said).toEqual([
      { name: second.name, phase: 'Queued', message: `behind ${first.name}`, ahead: 1 },
      { name: first.name, phase: 'Starting', message: undefined, ahead: undefined },
    ])
  })
})

describe('a stop', () => {
  it('before the launch ends the attempt without one', async () => {
    const test = createWorld()
    await submitAndNote(test, first)
    stop(test.broker, first)
    await settle(test)
    expect(historyOf(test.broker, first)).toEqual(['task.stopRequested', 'attempt.finished'])
    expect(test.broker.events.at(-1)?.event.data).toMatchObject({ phase: 'Stopped', reason: 'StopRequested' })
    expect(test.machine.workloads).toEqual([])
  })

  it('of a waiting attempt ends it at once, wherever it stands', async () => {
    const test = createWorld()
    await submitAndNote(test, first, second, specOf({ n: 3 }))
    await reconcileWorkspace(test.world, 'trader', never)
    stop(test.broker, second)
    await noteAttempt(test.world, second, never)
    await reconcileWorkspace(test.world, 'trader', never)
    expect(historyOf(test.broker, second)).toEqual(['task.stopRequested', 'attempt.finished'])
    expect((await test.world.workspaces.get('trader'))?.value).toMatchObject({ grant: { n: 1 }, entries: [{ n: 3 }] })
  })

  it('of a running workload is carried out in measures, and the watcher finishes it', async () => {
    const test = createWorld()
    test.machine.stubbornness = 2
    await submitAndNote(test, first)
    await reconcileWorkspace(test.world, 'trader', never)
    stop(test.broker, first)
    expect(await reconcileWorkspace(test.world, 'trader', never)).toEqual({ lookAgainMs: 1 })
    expect(test.machine.workloads[0]?.state).toBe('running')
    for (let i = 0; i < 3; i += 1) await reconcileWorkspace(test.world, 'trader', never)
    expect(test.machine.workloads[0]?.state).toBe('gone')
    expect(historyOf(test.broker, first)).toEqual(['attempt.started', 'task.stopRequested'])
    await settle(test)
    expect(historyOf(test.broker, first).at(-1)).toBe('attempt.finished')
  })

  it('that comes before its submission was heard of is kept', async () => {
    const test = createWorld()
    await submitAndNote(test, first)
    await reconcileWorkspace(test.world, 'trader', never)
    submit(test.broker, second)
    stop(test.broker, second)
    await noteAttempt(test.world, second, never)
    expect((await test.world.workspaces.get('trader'))?.value.entries[0]).toMatchObject({ n: 2, stopRequested: true })
  })
})

describe('branches', () => {
  it('belong to the task that claims them first; the other ends with nothing touched', async () => {
    const test = createWorld()
    const rival = specOf({ service: 'auth' }, { repository: first.repository })
    await submitAndNote(test, first, rival)
    await reconcileWorkspace(test.world, 'trader', never)
    await reconcileWorkspace(test.world, 'auth', never)
    expect(historyOf(test.broker, rival)).toEqual(['attempt.finished'])
    expect(test.broker.events.at(-1)?.event.data).toMatchObject({
      phase: 'Failed',
      reason: 'WorkspaceConflict',
      message: expect.stringContaining('belongs to task 1 of trader (tag master)'),
    })
    expect(test.machine.workloads).toHaveLength(1)
  })

  it('stay with their task through all its attempts', async () => {
    const test = createWorld()
    await submitAndNote(test, first, second)
    await settle(test)
    expect(historyOf(test.broker, second)).toEqual(['attempt.started', 'attempt.finished'])
    expect(await test.broker.branches.list()).toHaveLength(1)
  })
})

describe('a launch that fails', () => {
  it('is tried again after a while, and told', async () => {
    const clock = createTestClock()
    const { broker, machine } = createWorld()
    const test = { broker, machine, world: createReplica({ broker, runtime: machine.runtime, clock }) }
    machine.launchFailures.push(new RetryableError('RUNTIME_UNAVAILABLE', 'no process'))
    await submitAndNote(test, first)
    expect(await reconcileWorkspace(test.world, 'trader', never)).toEqual({ lookAgainMs: 500 })
    expect(broker.said.at(-1)?.data).toMatchObject({
      phase: 'Starting',
      message: expect.stringContaining('no process'),
    })
    await clock.advance(500)
    await reconcileWorkspace(test.world, 'trader', never)
    expect(historyOf(broker, first)).toEqual(['attempt.started'])
  })

  it('ends the attempt after a bounded number of tries', async () => {
    const clock = createTestClock()
    const { broker, machine } = createWorld()
    const test = { broker, machine, world: createReplica({ broker, runtime: machine.runtime, clock }) }
    for (let i = 0; i < 9; i += 1) machine.launchFailures.push(new RetryableError('RUNTIME_UNAVAILABLE', 'no process'))
    await submitAndNote(test, first)
    for (let i = 0; i < 9; i += 1) {
      await reconcileWorkspace(test.world, 'trader', never)
      await clock.advance(60_000)
    }
    expect(historyOf(broker, first)).toEqual(['attempt.finished'])
    expect(broker.events.at(-1)?.event.data).toMatchObject({
      phase: 'Failed',
      reason: 'LaunchFailed',
      message: expect.stringContaining('5 tries: no process'),
    })
    expect(machine.launchFailures).toHaveLength(4)
  })

  it('for want of configuration ends it at once and says what to do', async () => {
    const test = createWorld(
      Settings.parse({ agents: { 'claude-agent-2': { adapter: 'command', command: ['true'] } } }),
    )
    await submitAndNote(test, first)
    await settle(test)
    expect(historyOf(test.broker, first)).toEqual(['attempt.finished'])
    expect(test.broker.events.at(-1)?.event.data).toMatchObject({
      reason: 'ConfigurationInvalid',
      message: expect.stringContaining('"claude-agent-1" is not in the settings file (configured: claude-agent-2)'),
    })
  })
})

describe('the launcher', () => {
  it('does not end an attempt that another replica has started meanwhile', async () => {
    const test = createWorld(Settings.parse({}))
    await submitAndNote(test, first)
    const before = (call: string): Promise<void> => {
      if (call === 'ledger.publish')
        test.broker.append(attemptSubject(first), started(first, 'far-uid', 'another machine'))
      return Promise.resolve()
    }
    const broker = hookedBroker(test.broker, { before, after: () => Promise.resolve() })
    await reconcileWorkspace(
      createReplica({ broker, runtime: test.machine.runtime, settings: Settings.parse({}) }),
      'trader',
      never,
    )
    expect(historyOf(test.broker, first)).toEqual(['attempt.started'])
  })

  it('ends nothing that another replica lets go while it gives up itself', async () => {
    const clock = createTestClock()
    const test = createWorld()
    await submitAndNote(test, first)
    const before = async (call: string): Promise<void> => {
      const isGivingUp = call === 'runtime.remove' || call === 'ledger.publish'
      if (isGivingUp && test.machine.letGo.length === 0) await reconcileWorkspace(test.world, 'trader', never)
    }
    const hooks = { before, after: () => Promise.resolve() }
    const failing = {
      ...test.machine.runtime,
      findHeld: () => Promise.resolve(undefined),
      launchHeld: () => Promise.reject(new RetryableError('RUNTIME_UNAVAILABLE', 'no process')),
    }
    const runtime = hooked(failing, 'runtime', hooks)
    const replica = createReplica({ broker: hookedBroker(test.broker, hooks), runtime, clock })
    for (let i = 0; i < 6; i += 1) {
      await reconcileWorkspace(replica, 'trader', never)
      await clock.advance(60_000)
    }
    expect(test.machine.letGo).toEqual(['uid-1'])
    expect(test.machine.violations).toEqual([])
    expect(historyOf(test.broker, first)).toEqual(['attempt.started'])
  })

  it('gives up on a workload that ends again and again while it is held', async () => {
    const clock = createTestClock()
    const { broker, machine } = createWorld()
    const runtime = { ...machine.runtime, findHeld: () => Promise.resolve(undefined) }
    const world = createReplica({ broker, runtime, clock })
    await submitAndNote({ broker, machine, world }, first)
    for (let i = 0; i < 9; i += 1) {
      await reconcileWorkspace(world, 'trader', never)
      await clock.advance(60_000)
    }
    expect(broker.events.at(-1)?.event.data).toMatchObject({
      reason: 'LaunchFailed',
      message: expect.stringContaining('while it was held'),
    })
  })

  it('ends what is held before it says that a stopped attempt is over', async () => {
    const test = createWorld()
    await submitAndNote(test, first)
    const states: unknown[] = []
    const before = (call: string): Promise<void> => {
      // The stop comes between the launch and `started`.
      if (call === 'ledger.publish' && states.length === 0) stop(test.broker, first)
      if (call === 'ledger.publish') states.push(test.machine.workloads[0]?.state)
      return Promise.resolve()
    }
    const broker = hookedBroker(test.broker, { before, after: () => Promise.resolve() })
    await reconcileWorkspace(createReplica({ broker, runtime: test.machine.runtime }), 'trader', never)
    expect(historyOf(test.broker, first)).toEqual(['task.stopRequested', 'attempt.finished'])
    expect(states).toEqual(['held', 'gone'])
  })

  it('ends what is held of an attempt that was given up elsewhere', async () => {
    const test = createWorld()
    await submitAndNote(test, first)
    const before = (call: string): Promise<void> => {
      if (call === 'ledger.publish') test.broker.append(attemptSubject(first), finished(first, 'Failed'))
      return Promise.resolve()
    }
    const broker = hookedBroker(test.broker, { before, after: () => Promise.resolve() })
    await reconcileWorkspace(createReplica({ broker, runtime: test.machine.runtime }), 'trader', never)
    expect(test.machine.workloads.map(({ state }) => state)).toEqual(['gone'])
    expect(test.machine.letGo).toEqual([])
  })
})

describe('a document older than the ledger', () => {
  it.each([false, true])(
    'gives the workspace to the attempt that has a workload (finished: %s)',
    async (isFinished) => {
      const test = createWorld()
      await submitAndNote(test, first, second)
      const old = await test.world.workspaces.get('trader')
      await reconcileWorkspace(test.world, 'trader', never)
      if (isFinished) test.broker.append(attemptSubject(first), finished(first))
      const now = await test.world.workspaces.get('trader')
      if (old === undefined || now === undefined) throw new Error('no document')
      await test.world.workspaces.update('trader', old.value, now.revision)
      test.machine.stubbornness = 1
      await reconcileWorkspace(test.world, 'trader', never)
      expect((await test.world.workspaces.get('trader'))?.value).toMatchObject({
        grant: { n: 1, workloadUid: 'uid-1' },
        entries: [{ n: 2 }],
      })
      expect(test.machine.letGo).toEqual(['uid-1'])
      await settle(test)
      expect(test.machine.violations).toEqual([])
    },
  )
})

describe('a workspace that cannot be proven free', () => {
  it("is freed by a person's word that names the workload", async () => {
    const test = createWorld()
    submit(test.broker, first)
    test.broker.append(attemptSubject(first), started(first, 'far-uid', 'another machine'))
    test.broker.append(attemptSubject(first), finished(first))
    submit(test.broker, second)
    await noteAttempt(test.world, second, never)
    expect(await reconcileWorkspace(test.world, 'trader', never)).toEqual({})
    expect(test.broker.said.at(-1)?.data).toMatchObject({
      name: second.name,
      reason: 'WorkspaceBusy',
      message: expect.stringContaining('far-uid'),
    })
    test.broker.append(workspaceSubject('trader'), released('trader', 'other-uid'))
    await reconcileWorkspace(test.world, 'trader', never)
    expect(historyOf(test.broker, second)).toEqual([])
    test.broker.append(workspaceSubject('trader'), released('trader', 'far-uid'))
    await reconcileWorkspace(test.world, 'trader', never)
    expect(historyOf(test.broker, second)).toEqual(['attempt.started'])
  })

  it('is left alone while its workload runs on another machine', async () => {
    const test = createWorld()
    submit(test.broker, first)
    test.broker.append(attemptSubject(first), started(first, 'far-uid', 'another machine'))
    stop(test.broker, first)
    await noteAttempt(test.world, first, never)
    expect(await reconcileWorkspace(test.world, 'trader', never)).toEqual({})
    expect(historyOf(test.broker, first)).not.toContain('attempt.finished')
  })

  it.each([false, true])(
    'is freed, and its attempt ended once, when a person vouches that its machine is gone (its end comes in between: %s)',
    async (isLate) => {
      const test = createWorld()
      submit(test.broker, first)
      test.broker.append(attemptSubject(first), started(first, 'far-uid', 'another machine'))
      submit(test.broker, second)
      await noteAttempt(test.world, second, never)
      expect(await reconcileWorkspace(test.world, 'trader', never)).toEqual({})
      test.broker.append(workspaceSubject('trader'), released('trader', 'far-uid'))
      const before = (call: string): Promise<void> => {
        const isTold = historyOf(test.broker, first).includes('attempt.finished')
        if (isLate && call === 'ledger.publish' && !isTold)
          test.broker.append(attemptSubject(first), finished(first, 'Failed'))
        return Promise.resolve()
      }
      const broker = hookedBroker(test.broker, { before, after: () => Promise.resolve() })
      const replica = createReplica({ broker, runtime: test.machine.runtime })
      for (let pass = 1; pass <= 3; pass += 1) await reconcileWorkspace(replica, 'trader', never)
      expect(historyOf(test.broker, first)).toEqual(['attempt.started', 'attempt.finished'])
      const end = test.broker.events.find(({ event }) => event.type === 'attempt.finished')
      expect(end?.event.data).toMatchObject(
        isLate ? { phase: 'Failed' } : { phase: 'Unknown', reason: 'WorkloadLost', verified: false },
      )
      expect(historyOf(test.broker, second)).toEqual(['attempt.started'])
    },
  )
})

describe('a lost document', () => {
  it('is made again from the ledger: who runs, who waits, who is done', async () => {
    const test = createWorld()
    const specs = [1, 2, 3, 4].map((n) => specOf({ n }))
    await submitAndNote(test, ...specs)
    await reconcileWorkspace(test.world, 'trader', never)
    watch(test)
    watch(test)
    await reconcileWorkspace(test.world, 'trader', never)
    const [, running] = specs
    expect(historyOf(test.broker, running ?? first)).toEqual(['attempt.started'])
    const document = await test.world.workspaces.get('trader')
    await test.world.workspaces.remove('trader', document?.revision ?? 0)
    await submitAndNote(test, specOf({ n: 5 }))
    expect((await test.world.workspaces.get('trader'))?.value).toMatchObject({
      grant: { n: 2, workloadUid: 'uid-2', finished: false },
      entries: [{ n: 3 }, { n: 4 }, { n: 5 }],
    })
    await settle(test)
    expect(test.machine.violations).toEqual([])
    expect(test.machine.letGo).toHaveLength(5)
  })
})

describe('more attempts than a document holds', () => {
  it('are all brought through, in order', async () => {
    const test = createWorld()
    const specs = Array.from({ length: 150 }, (_none, i) => specOf({ taskId: String(i + 1) }))
    await submitAndNote(test, ...specs)
    expect((await test.world.workspaces.get('trader'))?.value).toMatchObject({ overflowAfter: 64 })
    for (let turn = 0; turn < 500 && (await servicesToLookAt(test.world)).length > 0; turn += 1) {
      await reconcileWorkspace(test.world, 'trader', never)
      watch(test)
    }
    const order = test.broker.events
      .filter(({ event }) => event.type === 'attempt.started')
      .map(({ event }) => event.subject)
    expect(order).toEqual(specs.map(({ name }) => name))
  })

  it('loses none that is submitted while the rest is fetched', async () => {
    const test = createWorld()
    await submitAndNote(test, ...Array.from({ length: 65 }, (_none, i) => specOf({ taskId: String(i + 1) })))
    const document = await test.world.workspaces.get('trader')
    if (document === undefined) throw new Error('no document')
    await test.world.workspaces.update('trader', { ...document.value, entries: [] }, document.revision)
    let late = false
    const before = async (call: string): Promise<void> => {
      if (call !== 'workspaces.update' || late) return
      late = true
      await submitAndNote(test, specOf({ taskId: '100' }))
    }
    const broker = hookedBroker(test.broker, { before, after: () => Promise.resolve() })
    await reconcileWorkspace(createReplica({ broker, runtime: test.machine.runtime }), 'trader', never)
    const after = (await test.world.workspaces.get('trader'))?.value
    expect(after?.grant?.taskId).toBe('65')
    expect(after?.entries.map(({ taskId }) => taskId)).toEqual(['100'])
  })
})

describe('caps', () => {
  const settings = Settings.parse({ ...AGENTS, caps: { global: 1 } })

  it('let only as many run as there are places, and say who waits', async () => {
    const test = createWorld(settings)
    const auth = specOf({ service: 'auth' })
    await submitAndNote(test, first, auth)
    await reconcileWorkspace(test.world, 'trader', never)
    expect(await reconcileWorkspace(test.world, 'auth', never)).toEqual({ waitsFor: 'global' })
    expect(test.broker.said.at(-1)?.data).toMatchObject({ name: auth.name, reason: 'WaitingForSlot' })
    watch(test)
    watch(test)
    await reconcileWorkspace(test.world, 'trader', never)
    await reconcileWorkspace(test.world, 'auth', never)
    expect(historyOf(test.broker, auth)).toEqual(['attempt.started'])
    expect((await test.world.slots.list()).map(({ key, value }) => [key, value.service])).toEqual([
      ['global.0', 'auth'],
    ])
  })

  it('are kept when a sweep judges by an older queue at the moment of the grant', async () => {
    const test = createWorld(settings)
    await submitAndNote(test, first)
    const mine = { v: 1 as const, service: 'trader', name: first.name, submittedId: `submitted-${first.name}` }
    // Taken by a try that was cut, listed by a sweep that is about to return it.
    const revision = await test.world.slots.create('global.0', mine)
    const after = async (call: string): Promise<void> => {
      if (call === 'ledger.lastSeq') await test.world.slots.remove('global.0', revision).catch(() => undefined)
    }
    const broker = hookedBroker(test.broker, { before: () => Promise.resolve(), after })
    await reconcileWorkspace(createReplica({ broker, runtime: test.machine.runtime, settings }), 'trader', never)
    expect(historyOf(test.broker, first)).toEqual(['attempt.started'])
    expect(await test.world.slots.list()).toHaveLength(1)
  })

  it('go to the oldest that waits, not to the workspace that gave one back', async () => {
    const test = createWorld(settings)
    const auth = specOf({ service: 'auth' })
    await submitAndNote(test, first, auth, second)
    await reconcileWorkspace(test.world, 'trader', never)
    watch(test)
    watch(test)
    const woken: string[] = []
    const world = {
      ...test.world,
      onSlotsReturned: async (keys: readonly string[]) => void woken.push(...keys),
      wake: (service: string) => void woken.push(service),
    }
    expect(await reconcileWorkspace(world, 'trader', never)).toEqual({ waitsFor: 'global', lookAgainMs: 1000 })
    expect(woken).toEqual(['global.0', 'auth'])
    expect(historyOf(test.broker, second)).toEqual([])
    expect(test.broker.said.at(-1)?.data).toMatchObject({ name: second.name, reason: 'WaitingForSlot' })
    await reconcileWorkspace(world, 'auth', never)
    expect(historyOf(test.broker, auth)).toEqual(['attempt.started'])
  })

  it('are not kept for ever for one that cannot be brought forward', async () => {
    const clock = createTestClock()
    const { broker, machine } = createWorld(settings)
    const test = { broker, machine, world: createReplica({ broker, runtime: machine.runtime, settings, clock }) }
    await submitAndNote(test, specOf({ service: 'stuck' }), first)
    for (let waitedMs = 0; waitedMs < PATIENCE_MS; waitedMs += 1000) {
      expect(await reconcileWorkspace(test.world, 'trader', never)).toMatchObject({ waitsFor: 'global' })
      await clock.advance(1000)
    }
    await reconcileWorkspace(test.world, 'trader', never)
    expect(historyOf(broker, first)).toEqual(['attempt.started'])
  })

  it.each(['write', 'afterwards'])(
    'tell who waits that one is free, also when the release is cut in its %s',
    async (cut) => {
      const test = createWorld(settings)
      await submitAndNote(test, first, specOf({ service: 'auth' }))
      await reconcileWorkspace(test.world, 'trader', never)
      watch(test)
      watch(test)
      const returned: string[] = []
      const hook = async (call: string): Promise<void> => {
        const releasing = call === 'workspaces.update' && (await test.world.slots.list()).length === 0
        if (releasing) throw new RetryableError('BROKER_UNAVAILABLE', 'no answer')
      }
      const pass = (): Promise<void> => Promise.resolve()
      const broker = hookedBroker(
        test.broker,
        cut === 'write' ? { before: hook, after: pass } : { before: pass, after: hook },
      )
      const onSlotsReturned = async (keys: readonly string[]): Promise<void> => void returned.push(...keys)
      const world = createReplica({ broker, runtime: test.machine.runtime, settings, onSlotsReturned })
      await expect(reconcileWorkspace(world, 'trader', never)).rejects.toMatchObject({ code: 'BROKER_UNAVAILABLE' })
      expect(returned).toEqual(['global.0'])
    },
  )

  it('tell who waits that one is free when a try to take several is lost', async () => {
    const both = Settings.parse({ ...AGENTS, caps: { global: 2, agents: { 'claude-agent-1': 1 } } })
    const test = createWorld(both)
    await submitAndNote(test, first)
    const returned: string[] = []
    const rival = { v: 1 as const, service: 'auth', name: specOf({ service: 'auth' }).name, submittedId: 'rival' }
    const before = async (call: string): Promise<void> => {
      const taken = (await test.world.slots.list()).map(({ key }) => key)
      // Between the first slot and the second.
      if (call === 'slots.create' && taken.length === 1) await test.world.slots.create('agent.claude-agent-1.0', rival)
    }
    const broker = hookedBroker(test.broker, { before, after: () => Promise.resolve() })
    const onSlotsReturned = async (keys: readonly string[]): Promise<void> => void returned.push(...keys)
    const world = createReplica({ broker, runtime: test.machine.runtime, settings: both, onSlotsReturned })
    expect(await reconcileWorkspace(world, 'trader', never)).toEqual({ waitsFor: 'agent.claude-agent-1' })
    expect(returned).toEqual(['global.0'])
  })

  it('give back the place of an attempt that ends before it starts', async () => {
    const test = createWorld(Settings.parse({ caps: { global: 1 } }))
    await submitAndNote(test, first)
    await settle(test)
    expect(await test.world.slots.list()).toEqual([])
  })

  it('do not lose a place to one who took it and then lost its turn', async () => {
    const test = createWorld(settings)
    submit(test.broker, first)
    await submitAndNote(test, second)
    const lost = { service: 'trader', name: second.name, submittedId: 'submitted-trader-claude-agent-1-task1-attempt2' }
    await test.world.slots.create('global.0', { v: 1, ...lost })
    await noteAttempt(test.world, first, never)
    const returned: string[] = []
    const onSlotsReturned = async (keys: readonly string[]): Promise<void> => void returned.push(...keys)
    await reconcileWorkspace({ ...test.world, onSlotsReturned }, 'trader', never)
    expect(historyOf(test.broker, first)).toEqual(['attempt.started'])
    expect(returned).toEqual(['global.0'])
  })
})

describe('held workloads', () => {
  it('that nobody will let go are swept', async () => {
    const test = createWorld()
    await submitAndNote(test, first)
    await reconcileWorkspace(test.world, 'trader', never)
    const [mine] = test.machine.workloads
    if (mine === undefined) throw new Error('no workload')
    const unknown = { ...mine.attempt, spec: specOf({ n: 9 }), submittedId: 'of another ledger' }
    await test.machine.runtime.launchHeld({ attempt: unknown, texts: {} }, never)
    const ended = { ...mine.attempt, spec: second, submittedId: 'submitted-trader-claude-agent-1-task1-attempt2' }
    submit(test.broker, second)
    test.broker.append(attemptSubject(second), finished(second, 'Stopped'))
    await test.machine.runtime.launchHeld({ attempt: ended, texts: {} }, never)
    await sweepUnstarted(test.world, never)
    expect(test.machine.workloads.map(({ state }) => state)).toEqual(['running', 'gone', 'gone'])
  })
})

describe('what a newer release wrote', () => {
  it('into a workspace keeps a lost document from being made without it', async () => {
    const test = createWorld()
    submit(test.broker, first)
    submit(test.broker, second)
    test.broker.spoil(attemptSubject(first), 'EVENT_TOO_NEW')
    await expect(noteAttempt(test.world, second, never)).rejects.toMatchObject({
      code: 'EVENT_TOO_NEW',
      retryable: true,
    })
    expect(await test.world.workspaces.list()).toEqual([])
  })

  it('beyond the overflow keeps the rest of the queue from being fetched without it', async () => {
    const test = createWorld()
    const specs = Array.from({ length: 66 }, (_none, i) => specOf({ taskId: String(i + 1) }))
    await submitAndNote(test, ...specs)
    const document = await test.world.workspaces.get('trader')
    if (document === undefined) throw new Error('no document')
    await test.world.workspaces.update('trader', { ...document.value, entries: [] }, document.revision)
    test.broker.spoil(taskSubject(specOf({ taskId: '66' })), 'EVENT_TOO_NEW')
    await expect(reconcileWorkspace(test.world, 'trader', never)).rejects.toMatchObject({ code: 'EVENT_TOO_NEW' })
    expect((await test.world.workspaces.get('trader'))?.value.overflowAfter).toBe(64)
  })

  it.each(['EVENT_TOO_NEW', 'EVENT_UNREADABLE'] as const)(
    'or is damaged (%s) is left out of sweeps, which go on',
    async (code) => {
      const test = createWorld()
      const [unreadable, done] = [specOf({ service: 'auth' }), specOf({ service: 'pricing' })]
      for (const spec of [unreadable, done]) {
        await submitAndNote(test, spec)
        await reconcileWorkspace(test.world, spec.service, never)
      }
      const [model] = test.machine.workloads
      if (model === undefined) throw new Error('no workload')
      for (const spec of [specOf({ service: 'auth', n: 2 }), specOf({ service: 'pricing', n: 2 })]) {
        const attempt = { ...model.attempt, spec, submittedId: `unknown-${spec.name}` }
        await test.machine.runtime.launchHeld({ attempt, texts: {} }, never)
      }
      test.broker.spoil(attemptSubject(specOf({ service: 'auth', n: 2 })), code)
      await sweepUnstarted(test.world, never)
      expect(test.machine.workloads.map(({ state }) => state)).toEqual(['running', 'running', 'held', 'gone'])
      const slot = { v: 1 as const, name: unreadable.name, submittedId: 'nobody' }
      await test.world.slots.create('global.0', { ...slot, service: 'auth' })
      await test.world.slots.create('global.1', { ...slot, service: 'pricing' })
      const get = test.world.workspaces.get.bind(test.world.workspaces)
      const workspaces = {
        ...test.world.workspaces,
        get: async (key: string) => {
          if (key === 'auth') throw new RetryableError(code, 'v 2')
          return await get(key)
        },
      }
      expect(await sweepSlots({ ...test.world, workspaces })).toEqual(['global.1'])
    },
  )
})

class Crash extends Error {}

/** A replica that dies at its k-th call of anything outside, before or after the call had its effect. */
function createMortal(
  { broker, machine, settings }: { broker: MemoryBroker; machine: FakeMachine; settings: Settings },
  death: { readonly at: number; readonly when: 'before' | 'after' },
): { readonly world: World; readonly isDead: () => boolean } {
  let calls = 0
  let dead = false
  const pass = (when: 'before' | 'after') => async (): Promise<void> => {
    if (when === 'before') calls += 1
    if (dead || (calls >= death.at && when === death.when)) {
      dead = true
      throw new Crash('killed')
    }
  }
  const hooks = { before: pass('before'), after: pass('after') }
  const world = createReplica({
    broker: hookedBroker(broker, hooks),
    runtime: hooked(machine.runtime, 'runtime', hooks),
    settings,
  })
  return { world, isDead: () => dead }
}

interface Scenario {
  readonly specs: readonly AttemptSpec[]
  readonly stopped: readonly AttemptSpec[]
  readonly settings: Settings
}

const SCENARIOS: readonly (readonly [string, Scenario])[] = [
  ['one attempt', { specs: [first], stopped: [], settings: Settings.parse(AGENTS) }],
  [
    'one attempt with caps',
    {
      specs: [first],
      stopped: [],
      settings: Settings.parse({ ...AGENTS, caps: { global: 1, agents: { 'claude-agent-1': 1 } } }),
    },
  ],
  ['two attempts', { specs: [first, second], stopped: [], settings: Settings.parse(AGENTS) }],
  ['a stop while it runs', { specs: [first, second], stopped: [first], settings: Settings.parse(AGENTS) }],
  ['a stop while it waits', { specs: [first, second], stopped: [second], settings: Settings.parse(AGENTS) }],
  [
    'an agent nobody knows',
    { specs: [specOf({ agent: 'nobody' }), second], stopped: [], settings: Settings.parse(AGENTS) },
  ],
]

function expectSound({ broker, machine }: Pick<TestWorld, 'broker' | 'machine'>, { specs }: Scenario): void {
  expect(machine.violations).toEqual([])
  for (const spec of specs) {
    const history = historyOf(broker, spec)
    expect(history.filter((type) => type === 'attempt.finished')).toHaveLength(1)
    expect(history.at(-1)).toBe('attempt.finished')
    expect(history.filter((type) => type === 'attempt.started').length).toBeLessThanOrEqual(1)
    const uids = machine.workloads.filter(({ attempt }) => attempt.spec.name === spec.name).map(({ uid }) => uid)
    expect(machine.letGo.filter((uid) => uids.includes(uid)).length).toBeLessThanOrEqual(1)
  }
  expect(machine.workloads.every(({ state }) => state === 'gone')).toBe(true)
}

describe('a launcher killed at any call, before or after its effect', () => {
  const MESSAGES = ['new', 'late'] as const
  const cases = SCENARIOS.flatMap(([title, scenario]) => MESSAGES.map((age) => ({ title, scenario, age })))
  it.each(cases)('brings $title to one start and one end ($age messages)', { timeout: 60_000 }, async (tested) => {
    const { scenario, age } = tested
    for (const when of ['before', 'after'] as const) {
      for (let at = 1; ; at += 1) {
        const broker = createMemoryBroker()
        const machine = createFakeMachine(broker.ledger)
        const mortal = createMortal({ broker, machine, settings: scenario.settings }, { at, when })
        await liveUntilKilled({ broker, machine, world: mortal.world }, scenario, age === 'new')
        const survivor = {
          broker,
          machine,
          world: createReplica({ broker, runtime: machine.runtime, settings: scenario.settings }),
        }
        // What was not settled comes again: all of it, here.
        for (const spec of scenario.specs) {
          if (!broker.events.some(({ event }) => event.id === `submitted-${spec.name}`)) submit(broker, spec)
          await noteAttempt(survivor.world, spec, never)
        }
        for (const spec of scenario.stopped) {
          if (!historyOf(broker, spec).includes('task.stopRequested')) stop(broker, spec)
          await noteAttempt(survivor.world, spec, never)
        }
        await settle(survivor)
        expectSound(survivor, scenario)
        expect(await survivor.world.slots.list()).toEqual([])
        if (!mortal.isDead()) break
      }
    }
  })
})

/** Messages of submissions that come at once; those that come later are noted as {@link noteAttempt} does. */
async function liveUntilKilled(test: TestWorld, { specs, stopped }: Scenario, isNew: boolean): Promise<void> {
  try {
    for (const spec of specs) {
      submit(test.broker, spec)
      await (isNew ? hearOf(test, spec) : noteAttempt(test.world, spec, never))
    }
    await reconcileWorkspace(test.world, 'trader', never)
    for (const spec of stopped) {
      stop(test.broker, spec)
      await noteAttempt(test.world, spec, never)
    }
    await settle(test)
  } catch (error) {
    if (!(error instanceof Crash)) throw error
  }
}

describe('two replicas at the same time', () => {
  it.each(SCENARIOS)(
    'bring %s to one start and one end, however their calls mix',
    { timeout: 60_000 },
    async (_title, scenario) => {
      await fc.assert(
        fc.asyncProperty(
          fc.scheduler(),
          fc.array(fc.nat(4), { minLength: 6, maxLength: 12 }),
          async (scheduler, acts) => {
            const broker = createMemoryBroker()
            const machine = createFakeMachine(broker.ledger)
            const { settings } = scenario
            const hooks = {
              before: (call: string) => scheduler.schedule(Promise.resolve(), call),
              after: () => Promise.resolve(),
            }
            const replica = (): World =>
              createReplica({
                broker: hookedBroker(broker, hooks),
                runtime: hooked(machine.runtime, 'runtime', hooks),
                settings,
              })
            const [left, right] = [replica(), replica()]
            for (const spec of scenario.specs) submit(broker, spec)
            const work = acts.map(async (act, i) => {
              const world = i % 2 === 0 ? left : right
              if (act === 0) for (const spec of scenario.specs) await noteAttempt(world, spec, never)
              if (act === 1) await reconcileWorkspace(world, 'trader', never)
              if (act === 2) await sweepSlots(world)
              if (act === 4) for (const spec of scenario.specs) await hearOf({ broker, world }, spec)
              if (act === 3) {
                await sweepUnstarted(world, never)
                for (const spec of scenario.stopped) stop(broker, spec)
                await reconcileWorkspace(world, 'trader', never)
              }
            })
            await scheduler.waitFor(Promise.all(work))
            const survivor = { broker, machine, world: createReplica({ broker, runtime: machine.runtime, settings }) }
            for (const spec of scenario.specs) await noteAttempt(survivor.world, spec, never)
            await settle(survivor)
            expectSound(survivor, scenario)
          },
        ),
        { numRuns: 60 },
      )
    },
  )

  it('never use more places than the caps allow', { timeout: 60_000 }, async () => {
    const settings = Settings.parse({ ...AGENTS, caps: { global: 2 } })
    const specs = ['trader', 'auth', 'pricing', 'ledger'].map((service) => specOf({ service }))
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), async (scheduler) => {
        const broker = createMemoryBroker()
        const machine = createFakeMachine(broker.ledger)
        const hooks = {
          before: (call: string) => scheduler.schedule(Promise.resolve(), call),
          after: () => Promise.resolve(),
        }
        const worlds = [0, 1].map(() =>
          createReplica({ broker: hookedBroker(broker, hooks), runtime: machine.runtime, settings }),
        )
        for (const spec of specs) submit(broker, spec)
        const work = specs.flatMap((spec) =>
          worlds.map(async (world) => {
            await noteAttempt(world, spec, never)
            await reconcileWorkspace(world, spec.service, never)
            await sweepSlots(world)
          }),
        )
        await scheduler.waitFor(Promise.all(work))
        expect(machine.letGo.length).toBeLessThanOrEqual(2)
        expect(machine.violations).toEqual([])
      }),
      { numRuns: 40 },
    )
  })
})
