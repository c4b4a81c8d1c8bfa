import { type AttemptSpec, attemptSubject, Settings } from '@orchestrator/shared/contracts'
import { createTestClock } from '@orchestrator/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { noteAttempt } from '../reconcile/note-attempt.ts'
import { reconcileWorkspace } from '../reconcile/reconcile-workspace.ts'
import { sweepSlots } from '../sweeps.ts'
import { finished, specOf } from '../testing/builders.ts'
import { createFakeMachine, type FakeMachine } from '../testing/fake-runtime.ts'
import { createMemoryBroker, type MemoryBroker } from '../testing/memory-broker.ts'
import { AGENTS, createReplica, historyOf, hooked, hookedBroker, logger, submit } from '../testing/test-world.ts'
import type { World } from '../world.ts'
import { capsFor, chooseSlots } from './slots.ts'
import { wakeWaiting } from './wake-waiting.ts'
import { createWakes, type Wakes } from './wakes.ts'

const never = new AbortController().signal
const SERVICES = ['trader', 'auth', 'pricing', 'ledger']
/** Two for each workspace, so that each time somebody ends there is a new head too. */
const SPECS = [1, 2].flatMap((n) => SERVICES.map((service) => specOf({ service, n })))

interface Launcher extends AsyncDisposable {
  readonly world: World
  readonly wakes: Wakes
}

/** As `app.ts` wires it, without timers: what is not woken stays asleep. */
function createLauncher(parts: Pick<Parameters<typeof createReplica>[0], 'broker' | 'runtime' | 'settings'>): Launcher {
  const clock = createTestClock()
  const world: World = createReplica({
    ...parts,
    clock,
    onSlotsReturned: (keys) => wakeWaiting(world, wakes, keys),
    wake: (service) => wakes.wake(service),
  })
  const wakes: Wakes = createWakes({
    reconcile: (service, signal) => reconcileWorkspace(world, service, signal),
    concurrency: 3,
    random: () => 1,
    clock,
    logger,
  })
  return { world, wakes, [Symbol.asyncDispose]: () => wakes[Symbol.asyncDispose]() }
}

/** Everything that was begun has ended; only alarms are left. */
async function comeToRest(scheduler: fc.Scheduler): Promise<void> {
  for (let quiet = 0; quiet < 3; quiet += 1) {
    await new Promise(setImmediate)
    if (scheduler.count() === 0) continue
    await scheduler.waitIdle()
    quiet = -1
  }
}

interface Place {
  readonly broker: MemoryBroker
  readonly machine: FakeMachine
  readonly settings: Settings
}

const startedOf = ({ broker }: Place): readonly AttemptSpec[] =>
  SPECS.filter((spec) => historyOf(broker, spec).includes('attempt.started'))
const runningOf = (place: Place): readonly AttemptSpec[] =>
  startedOf(place).filter((spec) => !historyOf(place.broker, spec).includes('attempt.finished'))

/** As the watcher: the workload is gone, its verdict is in the ledger. */
function end({ broker, machine }: Place, spec: AttemptSpec): void {
  machine.end(`submitted-${spec.name}`)
  broker.append(attemptSubject(spec), finished(spec))
}

async function waitingHeads({ broker }: Place) {
  const documents = (await broker.workspaces.list()).map(({ value }) => value)
  return documents.flatMap(({ grant, entries: [head] }) => (grant === null && head !== undefined ? [head] : []))
}

/** Nobody waits for a place that is there. */
async function expectNobodyForgotten(place: Place): Promise<void> {
  const held = await place.broker.slots.list()
  for (const head of await waitingHeads(place)) {
    const choice = chooseSlots(head, capsFor(head.agent, place.settings.caps), held)
    expect(choice, `${head.name} waits`).toMatchObject({ kind: 'full' })
  }
}

function createPlace(caps: Settings['caps']): Place {
  const broker = createMemoryBroker()
  for (const spec of SPECS) submit(broker, spec)
  return { broker, machine: createFakeMachine(broker.ledger), settings: Settings.parse({ ...AGENTS, caps }) }
}

function launchersOf({ broker, machine, settings }: Place, scheduler: fc.Scheduler, count: number): Launcher[] {
  const hooks = {
    before: (call: string) => scheduler.schedule(Promise.resolve(), call),
    after: () => Promise.resolve(),
  }
  return Array.from({ length: count }, () =>
    createLauncher({
      broker: hookedBroker(broker, hooks),
      runtime: hooked(machine.runtime, 'runtime', hooks),
      settings,
    }),
  )
}

const CAPS: readonly Settings['caps'][] = [
  { global: 1, agents: {} },
  { global: 2, agents: {} },
  { agents: { 'claude-agent-1': 1 } },
  { global: 3, agents: { 'claude-agent-1': 2 } },
]

describe('a place that is given back', { timeout: 120_000 }, () => {
  it('goes to the oldest submission that waits, however the calls mix', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.constantFrom(...CAPS),
        fc.infiniteStream(fc.nat()),
        async (scheduler, caps, picks) => {
          const place = createPlace(caps)
          const [launcher] = launchersOf(place, scheduler, 1)
          if (launcher === undefined) throw new Error('no launcher')
          await using _ = launcher
          for (const spec of SPECS)
            await noteAttempt(createReplica({ ...place, runtime: place.machine.runtime }), spec, never)
          for (const service of SERVICES) launcher.wakes.wake(service)
          await comeToRest(scheduler)
          for (let ended = 0; ended < SPECS.length; ended += 1) {
            await expectNobodyForgotten(place)
            const running = runningOf(place)
            const before = startedOf(place)
            const spec = running[(picks.next().value ?? 0) % running.length]
            if (spec === undefined) throw new Error('nothing runs')
            end(place, spec)
            launcher.wakes.wake(spec.service)
            await comeToRest(scheduler)
            const sequences = (await waitingHeads(place)).map(({ sequence }) => sequence)
            for (const started of startedOf(place).filter((now) => !before.includes(now)))
              expect(SPECS.indexOf(started) + 1).toBeLessThan(Math.min(Number.POSITIVE_INFINITY, ...sequences))
          }
          expect(startedOf(place)).toHaveLength(SPECS.length)
          expect(place.machine.violations).toEqual([])
        },
      ),
      { numRuns: 60 },
    )
  })

  it('is forgotten by nobody, however many end at once and whoever else looks', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.constantFrom(...CAPS),
        fc.infiniteStream(fc.constantFrom('end', 'wake', 'sweep')),
        async (scheduler, caps, acts) => {
          const place = createPlace(caps)
          const launchers = launchersOf(place, scheduler, 2)
          await using stack = new AsyncDisposableStack()
          for (const launcher of launchers) stack.use(launcher)
          const [one, other] = launchers
          if (one === undefined || other === undefined) throw new Error('no launchers')
          for (const spec of SPECS)
            await noteAttempt(createReplica({ ...place, runtime: place.machine.runtime }), spec, never)
          for (const service of SERVICES) one.wakes.wake(service)
          await comeToRest(scheduler)
          for (let round = 0; round < 60 && startedOf(place).length < SPECS.length; round += 1) {
            await expectNobodyForgotten(place)
            for (const [i, spec] of runningOf(place).entries()) {
              const act = acts.next().value
              const launcher = i % 2 === 0 ? one : other
              if (act === 'sweep')
                void sweepSlots(launcher.world).then((keys) => wakeWaiting(launcher.world, launcher.wakes, keys))
              if (act === 'wake') launcher.wakes.wake(spec.service)
              if (act !== 'end') continue
              end(place, spec)
              launcher.wakes.wake(spec.service)
            }
            await comeToRest(scheduler)
          }
          await expectNobodyForgotten(place)
          expect(place.machine.violations).toEqual([])
        },
      ),
      { numRuns: 60 },
    )
  })
})
