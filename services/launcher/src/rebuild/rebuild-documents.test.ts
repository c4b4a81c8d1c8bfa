import {
  type AttemptSpec,
  attemptSubject,
  branchKey,
  Settings,
  type WorkspaceDocument,
} from '@orchestrator/shared/contracts'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { capOf } from '../queue/slots.ts'
import { noteAttempt } from '../reconcile/note-attempt.ts'
import { reconcileWorkspace } from '../reconcile/reconcile-workspace.ts'
import { servicesToLookAt, sweepSlots, sweepUnstarted } from '../sweeps.ts'
import { finished, specOf, started, stopRequested } from '../testing/builders.ts'
import { createFakeMachine, type FakeMachine } from '../testing/fake-runtime.ts'
import { createMemoryBroker, type MemoryBroker } from '../testing/memory-broker.ts'
import { AGENTS, createReplica, historyOf, hookedBroker, type ReplicaInput, submit } from '../testing/test-world.ts'
import type { World } from '../world.ts'
import { rebuildDocuments } from './rebuild-documents.ts'

const never = new AbortController().signal
const capped = Settings.parse({ ...AGENTS, caps: { global: 2, agents: { 'claude-agent-1': 2 } } })

interface Site {
  readonly broker: MemoryBroker
  readonly machine: FakeMachine
  readonly world: World
}

function createSite(settings = Settings.parse(AGENTS)): Site {
  const broker = createMemoryBroker()
  const machine = createFakeMachine(broker.ledger)
  return { broker, machine, world: createReplica({ broker, runtime: machine.runtime, settings }) }
}

async function rebuild(world: World, broker: ReplicaInput['broker']): Promise<object> {
  const { workspaces, slots, branches } = broker
  const documents = { workspaces, slots, branches }
  return await rebuildDocuments({ world: { ...world, ...documents }, onProgress: () => undefined, signal: never })
}

async function submitAndNote({ broker, world }: Site, ...specs: readonly AttemptSpec[]): Promise<void> {
  for (const spec of specs) {
    submit(broker, spec)
    await noteAttempt(world, spec, never)
  }
}

const documentOf = async ({ world }: Site, service = 'trader'): Promise<WorkspaceDocument | undefined> =>
  (await world.workspaces.get(service))?.value

async function change({ world }: Site, next: (document: WorkspaceDocument) => WorkspaceDocument): Promise<void> {
  const entry = await world.workspaces.get('trader')
  if (entry === undefined) throw new Error('no document')
  await world.workspaces.update('trader', next(entry.value), entry.revision)
}

/** As by an accident: everything that launchers keep outside of the ledger is gone. */
async function loseAll({ workspaces, slots, branches }: MemoryBroker): Promise<void> {
  for (const { key, revision } of await workspaces.list()) await workspaces.remove(key, revision)
  for (const { key, revision } of await slots.list()) await slots.remove(key, revision)
  for (const { key, revision } of await branches.list()) await branches.remove(key, revision)
}

function watch({ broker, machine }: Pick<Site, 'broker' | 'machine'>): void {
  for (const { uid, attempt, state } of machine.workloads) {
    if (state === 'running') machine.end(attempt.submittedId)
    const begun = broker.events.some(({ event }) => event.type === 'attempt.started' && event.data.workloadUid === uid)
    if (state === 'gone' && begun && !historyOf(broker, attempt.spec).includes('attempt.finished'))
      broker.append(attemptSubject(attempt.spec), finished(attempt.spec))
  }
}

async function settle(site: Site, services: readonly string[]): Promise<void> {
  for (let turn = 0; turn < 80; turn += 1) {
    for (const service of services) await reconcileWorkspace(site.world, service, never)
    await sweepUnstarted(site.world, never)
    await sweepSlots(site.world)
    watch(site)
    if ((await servicesToLookAt(site.world)).length === 0) return
  }
  throw new Error('the world does not come to rest')
}

const [first, second, third] = [specOf({ n: 1 }), specOf({ n: 2 }), specOf({ n: 3 })]
const auth = specOf({ service: 'auth' })

describe('documents made again', () => {
  it('are what they were, when all were lost: who runs, who waits, whose branch, whose place', async () => {
    const site = createSite(capped)
    await submitAndNote(site, first, second, auth, third)
    await reconcileWorkspace(site.world, 'trader', never)
    await reconcileWorkspace(site.world, 'auth', never)
    const { workspaces, slots, branches } = site.broker
    const told = async (): Promise<unknown> => ({
      workspaces: (await workspaces.list())
        .map(({ value: { service, grant, entries } }) => ({ service, name: grant?.name, epoch: grant?.epoch, entries }))
        .toSorted((a, b) => (a.service < b.service ? -1 : 1)),
      places: (await slots.list()).map(({ key, value }) => `${capOf(key)} ${value.submittedId}`).toSorted(),
      branches: new Map((await branches.list()).map(({ key, value }) => [key, value])),
    })
    const before = await told()
    await loseAll(site.broker)
    expect(await rebuild(site.world, site.broker)).toEqual({ workspaces: 2, slots: 4, branches: 2 })
    expect(await told()).toEqual(before)
    expect(await rebuild(site.world, site.broker)).toEqual({ workspaces: 0, slots: 0, branches: 0 })
    await settle(site, ['trader', 'auth'])
    expect(site.machine.violations).toEqual([])
    expect(site.machine.letGo).toHaveLength(4)
  })

  it('cost no write where they are right, a grant that has not started and an ended one included', async () => {
    const site = createSite(capped)
    await submitAndNote(site, first, second)
    const stop = { before: () => Promise.resolve(), after: () => Promise.resolve() }
    const broker = hookedBroker(site.broker, stop)
    expect(await rebuild(site.world, broker)).toMatchObject({ workspaces: 0, slots: 0 })
    await reconcileWorkspace(site.world, 'trader', never)
    await change(site, (document) => document)
    site.machine.leftovers.add(`submitted-${first.name}`)
    watch(site)
    watch(site)
    expect(historyOf(site.broker, first)).toContain('attempt.finished')
    expect(await rebuild(site.world, broker)).toEqual({ workspaces: 0, slots: 0, branches: 0 })
    expect((await documentOf(site))?.grant?.n).toBe(1)
  })

  it('have what the ledger has: nobody is missing, nobody is there who has ended or never was, stops are marked', async () => {
    const site = createSite()
    await submitAndNote(site, first, second, third)
    await reconcileWorkspace(site.world, 'trader', never)
    const stranger = { ...specOf({ n: 9 }), submittedId: 'of another ledger', sequence: 99, stopRequested: false }
    await change(site, (document) => ({
      ...document,
      entries: [...document.entries.filter(({ n }) => n !== 2), stranger],
    }))
    site.broker.append(attemptSubject(third), stopRequested(third))
    expect(await rebuild(site.world, site.broker)).toMatchObject({ workspaces: 1 })
    expect(await documentOf(site)).toMatchObject({
      grant: { n: 1 },
      entries: [
        { n: 2, stopRequested: false },
        { n: 3, stopRequested: true },
      ],
    })
    site.broker.append(attemptSubject(second), finished(second, 'Stopped'))
    await rebuild(site.world, site.broker)
    expect((await documentOf(site))?.entries).toMatchObject([{ n: 3 }])
    await change(site, (document) => ({
      ...document,
      grant: document.grant && { ...document.grant, submittedId: 'x' },
    }))
    await rebuild(site.world, site.broker)
    expect((await documentOf(site))?.grant).toMatchObject({ n: 1, submittedId: `submitted-${first.name}` })
  })

  it('give the workspace to the attempt that runs, not to one that was started later and has ended', async () => {
    const site = createSite()
    for (const spec of [first, second, third]) submit(site.broker, spec)
    site.broker.append(attemptSubject(second), started(second, 'runs', 'another machine'))
    site.broker.append(attemptSubject(third), started(third, 'late', 'another machine'))
    site.broker.append(attemptSubject(third), finished(third))
    await rebuild(site.world, site.broker)
    expect(await documentOf(site)).toMatchObject({ grant: { n: 2, workloadUid: 'runs' }, entries: [{ n: 1 }] })
    // Whatever the document says.
    await change(site, (document) => ({ ...document, grant: null }))
    await rebuild(site.world, site.broker)
    expect(await documentOf(site)).toMatchObject({ grant: { n: 2 }, entries: [{ n: 1 }] })
  })

  it('give a branch to whose attempt started on it first, and then to who has a workspace', async () => {
    const site = createSite()
    const rival = specOf({ service: 'auth' }, { repository: first.repository })
    submit(site.broker, first)
    submit(site.broker, rival)
    const begun = started(first, 'u1')
    site.broker.append(attemptSubject(first), { ...begun, data: { ...begun.data, branch: first.branch } })
    const key = branchKey(first.repository.url, first.branch)
    const { service, tag, taskId, branch } = rival
    await site.broker.branches.create(key, { v: 1, service, tag, taskId, repository: 'github.com/org/trader', branch })
    expect(await rebuild(site.world, site.broker)).toMatchObject({ branches: 1 })
    expect((await site.broker.branches.get(key))?.value).toMatchObject({ service: 'trader', taskId: '1' })
  })

  it('are made by as many as are killed at it, at any write', async () => {
    for (let at = 1; ; at += 1) {
      const site = createSite(capped)
      await submitAndNote(site, first, second, auth)
      await reconcileWorkspace(site.world, 'trader', never)
      await reconcileWorkspace(site.world, 'auth', never)
      await loseAll(site.broker)
      let calls = 0
      const before = async (call: string): Promise<void> => {
        if (/create|update|remove/.test(call)) calls += 1
        if (calls >= at) throw new Error('killed')
      }
      const mortal = hookedBroker(site.broker, { before, after: () => Promise.resolve() })
      await rebuild(site.world, mortal).catch(() => undefined)
      await rebuild(site.world, site.broker)
      expect(await documentOf(site)).toMatchObject({ grant: { n: 1 }, entries: [{ n: 2 }] })
      expect(await site.broker.slots.list()).toHaveLength(4)
      await settle(site, ['trader', 'auth'])
      expect(site.machine.violations).toEqual([])
      if (calls < at) break
    }
  })

  it('never give a workspace two holders, however it mixes with launchers at work', { timeout: 120_000 }, async () => {
    const specs = [first, second, specOf({ taskId: '2' }), auth]
    const services = ['trader', 'auth']
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.array(fc.nat(4), { minLength: 6, maxLength: 14 }),
        async (scheduler, acts) => {
          const broker = createMemoryBroker()
          const machine = createFakeMachine(broker.ledger)
          const hooks = {
            before: (call: string) => scheduler.schedule(Promise.resolve(), call),
            after: () => Promise.resolve(),
          }
          const own = hookedBroker(broker, hooks)
          const replicas = [0, 1].map(() => createReplica({ broker: own, runtime: machine.runtime, settings: capped }))
          for (const spec of specs) submit(broker, spec)
          const act = async (what: number, world: World): Promise<void> => {
            if (what === 0) for (const spec of specs) await noteAttempt(world, spec, never)
            if (what === 1) for (const service of services) await reconcileWorkspace(world, service, never)
            if (what === 2) await rebuild(world, own)
            if (what === 3) await loseAll(broker).catch(() => undefined)
            if (what === 4) watch({ broker, machine })
          }
          const work = acts.map(async (what, i) => {
            const world = replicas[i % 2]
            if (world !== undefined) await act(what, world)
          })
          await scheduler.waitFor(Promise.all(work))
          const survivor = {
            broker,
            machine,
            world: createReplica({ broker, runtime: machine.runtime, settings: capped }),
          }
          await rebuild(survivor.world, broker)
          await settle(survivor, services)
          expect(machine.violations).toEqual([])
          for (const spec of specs) {
            const history = historyOf(broker, spec)
            expect(history.filter((type) => type === 'attempt.finished')).toHaveLength(1)
            expect(history.filter((type) => type === 'attempt.started').length).toBeLessThanOrEqual(1)
          }
        },
      ),
      { numRuns: 100 },
    )
  })
})
