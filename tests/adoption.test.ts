import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { attemptSubject, type AttemptView } from '@orchestrator/shared/contracts'
import { createLedger } from '@orchestrator/shared/nats'
import { scriptedAgentCommand, startTestBroker, startWebhookSink, temporaryDirectory } from '@orchestrator/testing'
import { describe, expect, it } from 'vitest'
import { createApi } from './support/api.ts'
import { type Replica, startReplica } from './support/replica.ts'
import { createPlatform, createTarget } from './support/repositories.ts'

const SERVICES = ['submitter', 'launcher', 'watcher', 'notifier'] as const
type Service = (typeof SERVICES)[number]
const KILLED: readonly (readonly Service[])[] = [...SERVICES.map((service) => [service]), SERVICES]
const WAIT = { timeout: 60_000 }

async function startSite() {
  await using stack = new AsyncDisposableStack()
  const broker = stack.use(await startTestBroker())
  const sink = stack.use(await startWebhookSink())
  const state = stack.use(await temporaryDirectory())
  const platform = stack.use(await createPlatform(KILLED.map((_services, i) => ({ id: String(i + 1) }))))
  const target = stack.use(await createTarget())
  const goOn = (taskId: string): string => join(state.path, `go-on-${taskId}`)
  const agents = Object.fromEntries(
    KILLED.map((_services, i) => {
      const taskId = String(i + 1)
      const command = scriptedAgentCommand([
        { do: 'write', path: `done-${taskId}.txt`, text: 'done\n' },
        { do: 'say', text: 'half way' },
        { do: 'await', path: goOn(taskId) },
        ...Array.from({ length: 20 }, (_none, n) => ({ do: 'print' as const, text: `line ${n}` })),
        { do: 'say', text: 'the rest' },
      ])
      return [`agent-${taskId}`, { adapter: 'command', command }]
    }),
  )
  const settings = {
    defaults: { platformRepositoryUrl: platform.url },
    services: { trader: { repositoryUrl: target.url } },
    agents,
    channels: { webhooks: [{ name: 'team', url: sink.url }] },
  }
  await writeFile(join(state.path, 'settings.json'), JSON.stringify(settings))
  const environment = {
    NATS_URL: broker.url,
    SETTINGS_FILE: join(state.path, 'settings.json'),
    STATE_DIR: state.path,
    PORT: '0',
    VIEW_FILE: join(state.path, 'view.sqlite'),
  }
  const running = new Map<Service, Replica>()
  const owned = stack.move()
  return {
    broker,
    sink,
    goOn: async (taskId: string) => await writeFile(goOn(taskId), ''),
    start: async (services: readonly Service[]) => {
      for (const service of services) running.set(service, owned.use(startReplica(service, environment)))
      for (const service of services)
        await expect.poll(() => running.get(service)?.output(), WAIT).toContain('"started"')
    },
    kill: async (services: readonly Service[]) => {
      await Promise.all(services.map(async (service) => await running.get(service)?.kill()))
    },
    api: () => createApi(/http:\/\/127\.0\.0\.1:\d+/.exec(running.get('submitter')?.output() ?? '')?.[0] ?? ''),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

const isHalfWay = ({ lastText }: AttemptView): boolean => lastText === 'half way'

describe('an attempt that runs', () => {
  it('goes on while any service, or all of them, is killed and started again', { timeout: 240_000 }, async () => {
    await using site = await startSite()
    await site.start(SERVICES)
    for (const [i, services] of KILLED.entries()) {
      const taskId = String(i + 1)
      const { attempt } = await site.api().submit({ service: 'trader', taskId, agent: `agent-${taskId}` })
      await site.api().until(attempt, isHalfWay)
      await site.kill(services)
      // What it does while nobody looks is seen all the same.
      await site.goOn(taskId)
      await site.start(services)
      expect(await site.api().finished(attempt), services.join(', ')).toMatchObject({ phase: 'Succeeded' })
      const lines = await site.api().lines(attempt)
      expect(lines.map(({ seq }) => seq)).toEqual(lines.map((_line, n) => n + 1))
      const said = lines.flatMap((line) => (line.kind === 'text' ? [line.text] : []))
      expect(said).toEqual(['half way', 'the rest'])
    }
    const ledger = await createLedger(await site.broker.connect('reader'))
    for (const i of KILLED.keys()) {
      const ref = { service: 'trader', tag: 'master', taskId: String(i + 1), n: 1 }
      const { events } = await ledger.read(attemptSubject(ref), AbortSignal.timeout(5000))
      expect(events.map(({ event }) => event.type)).toEqual(['attempt.started', 'attempt.finished'])
    }
    const told = (): string[] => site.sink.received.map(({ body }) => (body as { id: string }).id)
    await expect.poll(() => new Set(told()).size, WAIT).toBe(3 * KILLED.length)
    // At most one is told twice for each crash of the notifier.
    expect(told().length).toBeLessThanOrEqual(3 * KILLED.length + 2)
  })
})
