import { once } from 'node:events'
import { type AttemptSpec, CONTROL_SUBJECTS, progressSubject } from '@orchestrator/shared/contracts'
import {
  createDeadLetters,
  createNotices,
  createProgress,
  type DeadLetters,
  type StoredDeadLetter,
} from '@orchestrator/shared/nats'
import { startTestBroker, temporaryDirectory, type TestBroker } from '@orchestrator/testing'
import { afterEach, describe, expect, it } from 'vitest'
import { specOf } from './testing/builders.ts'
import { createTestSite, type TestSite, type TestSiteOptions } from './testing/test-site.ts'

const WAIT = { timeout: 25_000, interval: 20 }
const open = new Set<AsyncDisposable>()

afterEach(async () => {
  for (const one of [...open].toReversed()) await one[Symbol.asyncDispose]()
  open.clear()
})

const agentThat = (behaviour: string) => ({
  agents: { 'claude-agent-1': { adapter: 'command', command: [behaviour] } },
})

type SiteOptions = Pick<TestSiteOptions, 'settings' | 'environment'>

async function createSite(options: SiteOptions): Promise<TestSite & { readonly broker: TestBroker }> {
  const directory = await temporaryDirectory()
  open.add(directory)
  const broker = await startTestBroker()
  open.add(broker)
  const client = await broker.connect('test')
  const site = await createTestSite({ ...options, url: broker.url, client, stateDirectory: directory.path })
  open.add(site)
  return { ...site, broker }
}

async function startLaunchers(site: TestSite, count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) open.add(await site.startLauncher())
}

async function allFinished(site: TestSite, specs: readonly AttemptSpec[]): Promise<boolean> {
  const ends = await Promise.all(specs.map((spec) => site.watch(spec)))
  return ends.every(Boolean)
}

async function allWait(site: TestSite, specs: readonly AttemptSpec[]): Promise<boolean> {
  const documents = await Promise.all(specs.map(({ service }) => site.workspaces.get(service)))
  return specs.every(({ name }, i) => documents[i]?.value.entries.some((entry) => entry.name === name))
}

async function onlyLetter(letters: DeadLetters): Promise<StoredDeadLetter> {
  const { signal } = new AbortController()
  await expect.poll(async () => (await letters.list({ limit: 10, signal })).length, WAIT).toBe(1)
  const [kept] = await letters.list({ limit: 10, signal })
  if (kept === undefined) throw new Error('one letter')
  return kept
}

describe('the launcher on a real broker', () => {
  it('brings attempts through one workspace, one after the other', async () => {
    const site = await createSite({ settings: agentThat('quit') })
    await startLaunchers(site, 1)
    const specs = [specOf({ n: 1 }), specOf({ n: 2 }), specOf({ taskId: '2' })]
    for (const spec of specs) await site.submit(spec)
    await expect.poll(() => allFinished(site, specs), WAIT).toBe(true)
    for (const spec of specs) {
      const { types, started } = await site.history(spec)
      expect(types).toEqual(['attempt.started', 'attempt.finished'])
      expect(await site.ran(spec)).toEqual([started?.data.workloadUid])
    }
    const sequences = await Promise.all(
      specs.map(async (spec) => (await site.history(spec)).started?.data.epoch.sequence ?? 0),
    )
    expect(sequences).toEqual(sequences.toSorted((a, b) => a - b))
    await expect
      .poll(async () => (await site.workspaces.get('trader'))?.value, WAIT)
      .toMatchObject({ grant: null, entries: [] })
  })

  it('starts each attempt once where two replicas share a machine', async () => {
    const site = await createSite({ settings: { ...agentThat('quit'), caps: { global: 2 } } })
    await startLaunchers(site, 2)
    const specs = ['trader', 'auth', 'pricing'].flatMap((service) => [
      specOf({ service, n: 1 }),
      specOf({ service, n: 2 }),
    ])
    await Promise.all(specs.filter(({ n }) => n === 1).map((spec) => site.submit(spec)))
    await Promise.all(specs.filter(({ n }) => n === 2).map((spec) => site.submit(spec)))
    await expect.poll(() => allFinished(site, specs), WAIT).toBe(true)
    for (const spec of specs) {
      const { types, started } = await site.history(spec)
      expect(types).toEqual(['attempt.started', 'attempt.finished'])
      expect(await site.ran(spec)).toEqual([started?.data.workloadUid])
    }
  })

  it('gives a free place to the oldest submission', async () => {
    const site = await createSite({
      settings: { ...agentThat('stubborn'), caps: { global: 1 } },
      environment: { RECONCILE_INTERVAL_MS: '10000' },
    })
    await startLaunchers(site, 1)
    const specs = [
      specOf({ n: 1 }),
      specOf({ service: 'auth' }),
      specOf({ n: 2 }),
      specOf({ service: 'pricing' }),
      specOf({ n: 3 }),
    ]
    const [first, ...others] = specs
    if (first === undefined) throw new Error('no specs')
    await site.submit(first)
    await expect.poll(() => site.ran(first), WAIT).toHaveLength(1)
    for (const spec of others) await site.submit(spec)
    await expect.poll(() => allWait(site, others), WAIT).toBe(true)
    for (const [i, spec] of specs.entries()) {
      // Everybody else waits when the place is given back.
      await expect.poll(() => site.ran(spec), WAIT).toHaveLength(1)
      for (const later of specs.slice(i + 1)) expect((await site.history(later)).types).toEqual([])
      await site.stop(spec)
      await expect.poll(() => site.pids(spec), WAIT).toEqual([])
      await expect.poll(() => site.watch(spec), WAIT).toBe(true)
    }
  })

  it('stops what runs and what waits', async () => {
    const site = await createSite({ settings: agentThat('stubborn') })
    await startLaunchers(site, 1)
    const [running, waiting] = [specOf({ n: 1 }), specOf({ n: 2 })]
    await site.submit(running)
    await site.submit(waiting)
    await expect.poll(() => site.ran(running), WAIT).toHaveLength(1)
    await site.stop(waiting)
    await expect
      .poll(async () => (await site.history(waiting)).types, WAIT)
      .toEqual(['task.stopRequested', 'attempt.finished'])
    await site.stop(running)
    await expect.poll(() => site.pids(running), WAIT).toEqual([])
    await expect.poll(() => site.watch(running), WAIT).toBe(true)
    await expect
      .poll(async () => (await site.workspaces.get('trader'))?.value, WAIT)
      .toMatchObject({ grant: null, entries: [] })
  })

  it('says once more who waits for what when views are made again', async () => {
    const site = await createSite({
      settings: { ...agentThat('stubborn') },
      environment: { RECONCILE_INTERVAL_MS: '600000' },
    })
    await startLaunchers(site, 1)
    const [first, second] = [specOf({ n: 1 }), specOf({ n: 2 })]
    await site.submit(first)
    await expect.poll(() => site.ran(first), WAIT).toHaveLength(1)
    await site.submit(second)
    const client = await site.broker.connect('view')
    const told: unknown[] = []
    const done = new AbortController()
    open.add({ [Symbol.asyncDispose]: async () => done.abort() })
    const follow = async (): Promise<void> => {
      const subjects = [progressSubject(second)]
      for await (const { event } of createProgress(client).follow({ subjects, signal: done.signal }))
        told.push(event.data)
    }
    const following = follow()
    await expect.poll(() => told, WAIT).toMatchObject([{ phase: 'Queued', reason: 'WaitingForWorkspace' }])
    await createNotices(client).tell(CONTROL_SUBJECTS.rebuild, { views: 1 })
    await expect.poll(() => told.length, WAIT).toBe(2)
    expect(told[1]).toEqual(told[0])
    done.abort()
    await following
  })

  it('makes lost and damaged documents again on command, while it runs, and goes on with them', async () => {
    const site = await createSite({
      settings: { ...agentThat('stubborn'), caps: { global: 3 } },
      environment: { RECONCILE_INTERVAL_MS: '600000' },
    })
    await startLaunchers(site, 2)
    const running = ['trader', 'auth'].map((service) => specOf({ service, n: 1 }))
    const waiting = ['trader', 'auth'].map((service) => specOf({ service, n: 2 }))
    for (const spec of running) {
      await site.submit(spec)
      await expect.poll(() => site.ran(spec), WAIT).toHaveLength(1)
    }
    for (const spec of waiting) await site.submit(spec)
    await expect.poll(() => allWait(site, waiting), WAIT).toBe(true)
    const client = await site.broker.connect('operator')
    for (const bucket of ['slots', 'branches']) await client.jsm.streams.purge(`KV_${bucket}`)
    await client.js.publish('$KV.workspaces.trader', '{ not a document')
    await client.jsm.streams.purge('KV_workspaces', { filter: '$KV.workspaces.auth' })
    await client.js.publish('$KV.slots.global.1', 'x')
    const notices = createNotices(client)
    expect(await notices.gather(CONTROL_SUBJECTS.documents, { id: 'one' }, 300)).toMatchObject([{ id: 'one' }])
    const report = async (): Promise<unknown> => (await notices.gather(CONTROL_SUBJECTS.report, {}, 200))[0]
    await expect.poll(report, WAIT).toMatchObject({
      kind: 'documents',
      documents: { id: 'one', state: 'done', problem: null, written: { workspaces: 2, slots: 3, branches: 2 } },
    })
    expect(await allWait(site, waiting)).toBe(true)
    for (const [i, spec] of running.entries()) {
      expect((await site.workspaces.get(spec.service))?.value.grant?.name).toBe(spec.name)
      await site.stop(spec)
      await expect.poll(() => site.watch(spec), WAIT).toBe(true)
      await expect.poll(() => site.ran(waiting[i] ?? spec), WAIT).toHaveLength(1)
      expect(await site.ran(spec)).toHaveLength(1)
    }
  })

  it("frees a workspace by a person's word at once, not by its timer", async () => {
    const site = await createSite({
      settings: { ...agentThat('quit') },
      environment: { RECONCILE_INTERVAL_MS: '600000' },
    })
    await startLaunchers(site, 2)
    const [first, second] = [specOf({ n: 1 }), specOf({ n: 2 })]
    await site.submit(first)
    await site.runElsewhere(first, 'far-uid')
    await site.submit(second)
    await expect.poll(() => allWait(site, [second]), WAIT).toBe(true)
    await expect.poll(() => site.unsettled(), WAIT).toBe(0)
    await site.release('trader', 'other-uid')
    await expect.poll(() => site.unsettled(), WAIT).toBe(0)
    expect((await site.history(second)).types).toEqual([])
    await site.release('trader', 'far-uid')
    await expect.poll(() => site.ran(second), WAIT).toHaveLength(1)
    await expect.poll(() => allFinished(site, [second]), WAIT).toBe(true)
  })

  it(
    "is killed between a person's word and its effect, and the next life carries it out, once",
    { timeout: 90_000 },
    async () => {
      const site = await createSite({
        settings: { ...agentThat('quit') },
        environment: { RECONCILE_INTERVAL_MS: '600000' },
      })
      const services = Array.from({ length: 4 }, (_none, i) => `service-${i}`)
      const later = services.map((service) => specOf({ service, n: 2 }))
      let launcher = site.spawnLauncher()
      for (const [i, service] of services.entries()) {
        const first = specOf({ service, n: 1 })
        await site.submit(first)
        await site.runElsewhere(first, `far-${i}`)
        await site.submit(specOf({ service, n: 2 }))
      }
      await expect.poll(() => allWait(site, later), WAIT).toBe(true)
      await expect.poll(() => site.unsettled(), WAIT).toBe(0)
      for (const [i, service] of services.entries()) {
        // The first word reaches a launcher that can do nothing with it any more, the later ones one that is at it.
        if (i === 0) launcher.kill('SIGSTOP')
        await site.release(service, `far-${i}`)
        await new Promise((resolve) => setTimeout(resolve, i * 8))
        const ended = once(launcher, 'exit')
        launcher.kill('SIGKILL')
        await ended
        launcher = site.spawnLauncher()
        await expect.poll(() => site.watch(later[i] ?? specOf()), WAIT).toBe(true)
      }
      for (const spec of later) {
        const { types, started } = await site.history(spec)
        expect(types).toEqual(['attempt.started', 'attempt.finished'])
        // Killed between `started` and `go`, it may end without having run; never twice.
        expect([[], [started?.data.workloadUid]]).toContainEqual(await site.ran(spec))
      }
    },
  )

  it('ends an attempt whose submission it gives up, and closes the replay of it as obsolete', async () => {
    const site = await createSite({ settings: agentThat('quit') })
    const broker = await site.broker.connect('test')
    const letters = createDeadLetters(broker)
    await broker.js.publish('$KV.workspaces.trader', 'damaged')
    await startLaunchers(site, 2)
    const spec = specOf()
    await site.submit(spec)
    await expect.poll(async () => (await site.history(spec)).types, WAIT).toEqual(['attempt.finished'])
    expect((await site.history(spec)).finished?.data).toMatchObject({ phase: 'Failed', reason: 'Undeliverable' })
    const kept = await onlyLetter(letters)
    expect(kept.letter).toMatchObject({ durable: 'launcher', stream: 'TASKS', reason: 'terminal', tries: 1 })
    await letters.replay(kept)
    await expect.poll(async () => (await letters.get(kept.seq))?.state.kind, WAIT).toBe('obsolete')
    expect((await site.history(spec)).types).toEqual(['attempt.finished'])
    expect(await site.ran(spec)).toEqual([])
  })

  it('carries out a stop that it had given up, once the cause is removed and a person asks for it', async () => {
    const site = await createSite({ settings: agentThat('stubborn') })
    const broker = await site.broker.connect('test')
    const letters = createDeadLetters(broker)
    await startLaunchers(site, 1)
    const [running, waiting] = [specOf({ n: 1 }), specOf({ n: 2 })]
    await site.submit(running)
    await site.submit(waiting)
    await expect.poll(() => site.ran(running), WAIT).toHaveLength(1)
    await expect.poll(() => allWait(site, [waiting]), WAIT).toBe(true)
    const document = await site.workspaces.get('trader')
    if (document === undefined) throw new Error('a document')
    const damaged = await broker.js.publish('$KV.workspaces.trader', 'damaged')
    await site.stop(waiting)
    const kept = await onlyLetter(letters)
    expect((await site.history(waiting)).types).toEqual(['task.stopRequested'])
    await site.workspaces.update('trader', document.value, damaged.seq)
    await letters.replay(kept)
    await expect.poll(async () => (await letters.get(kept.seq))?.state.kind, WAIT).toBe('handled')
    await expect
      .poll(async () => (await site.history(waiting)).types, WAIT)
      .toEqual(['task.stopRequested', 'attempt.finished'])
    expect((await site.history(waiting)).finished?.data).toMatchObject({ phase: 'Stopped' })
    await site.stop(running)
    await expect.poll(() => site.watch(running), WAIT).toBe(true)
  })

  it('tells what it is without, and goes on when the broker is back', async () => {
    const site = await createSite({ settings: agentThat('quit') })
    const app = await site.startLauncher()
    open.add(app)
    await expect.poll(() => app.health().ready, WAIT).toBe(true)
    await site.broker.kill()
    await expect.poll(() => app.health(), WAIT).toMatchObject({ ready: false, checks: { broker: 'disconnected' } })
    await site.broker.restart()
    const spec = specOf()
    await expect
      .poll(
        () =>
          site.submit(spec).then(
            () => true,
            () => false,
          ),
        WAIT,
      )
      .toBe(true)
    await expect.poll(() => site.watch(spec).catch(() => false), WAIT).toBe(true)
    await expect.poll(() => app.health().ready, WAIT).toBe(true)
  })

  it(
    'is killed and started again at any time, and every attempt starts once and ends once',
    { timeout: 90_000 },
    async () => {
      const site = await createSite({ settings: { ...agentThat('quit'), caps: { global: 2 } } })
      const specs = ['trader', 'auth', 'pricing'].flatMap((service) => [1, 2].map((n) => specOf({ service, n })))
      // A message that dies with its launcher comes again after the broker's patience, which is not what is tested here.
      const first = site.spawnLauncher()
      for (const spec of specs) await site.submit(spec)
      await expect.poll(() => site.unsettled(), WAIT).toBe(0)
      first.kill('SIGKILL')
      let done = false
      for (let lives = 1; !done && lives <= 40; lives += 1) {
        const launcher = site.spawnLauncher()
        // Each life ends a little later in its work than the one before.
        const until = performance.now() + 400 + lives * 70
        while (!done && performance.now() < until) {
          done = await allFinished(site, specs)
          await new Promise((resolve) => setTimeout(resolve, 10))
        }
        const ended = once(launcher, 'exit')
        launcher.kill('SIGKILL')
        await ended
      }
      expect(done).toBe(true)
      for (const spec of specs) {
        const { types, started } = await site.history(spec)
        expect(types).toEqual(['attempt.started', 'attempt.finished'])
        const ran = await site.ran(spec)
        // Killed between `started` and `go`, an attempt may end without having run; never twice.
        expect([[], [started?.data.workloadUid]]).toContainEqual(ran)
      }
    },
  )
})
