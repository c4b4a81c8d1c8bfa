import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createClient } from '@orchestrator/client'
import { scriptedAgentCommand, startTestBroker, startWebhookSink, temporaryDirectory } from '@orchestrator/testing'
import { describe, expect, it } from 'vitest'
import { createApi } from './support/api.ts'
import { type Replica, startReplica } from './support/replica.ts'
import { createPlatform, createTarget } from './support/repositories.ts'

describe('services on their own', () => {
  it('two replicas of each carry tasks through one broker, and any may be killed', { timeout: 180_000 }, async () => {
    await using broker = await startTestBroker()
    await using sink = await startWebhookSink()
    await using state = await temporaryDirectory()
    await using platform = await createPlatform([{ id: '1' }, { id: '2' }])
    await using target = await createTarget()
    await writeFile(
      join(state.path, 'settings.json'),
      JSON.stringify({
        defaults: { platformRepositoryUrl: platform.url, agent: 'claude-agent-1' },
        services: { trader: { repositoryUrl: target.url }, auth: { repositoryUrl: target.url } },
        agents: {
          'claude-agent-1': {
            adapter: 'command',
            command: scriptedAgentCommand([{ do: 'write', path: 'done.txt', text: 'done\n' }]),
          },
        },
        channels: { webhooks: [{ name: 'team', url: sink.url }] },
      }),
    )
    const common = { NATS_URL: broker.url, SETTINGS_FILE: join(state.path, 'settings.json'), STATE_DIR: state.path }
    await using stack = new AsyncDisposableStack()
    const replicas = ['submitter', 'launcher', 'watcher', 'notifier'].flatMap((service) =>
      [1, 2].map((n) =>
        stack.use(startReplica(service, { ...common, PORT: '0', VIEW_FILE: join(state.path, `view-${n}.sqlite`) })),
      ),
    )
    const started = (replica: Replica | undefined): string => replica?.output() ?? ''
    for (const replica of replicas)
      await expect.poll(() => started(replica), { timeout: 30_000 }).toContain('"started"')
    const urls = replicas.slice(0, 2).map((replica) => /http:\/\/127\.0\.0\.1:\d+/.exec(started(replica))?.[0] ?? '')
    const survey = createClient({ url: urls[0] ?? '' })
    await expect
      .poll(async () => await survey.getHealth(), { timeout: 30_000 })
      .toMatchObject({ ready: true, missing: [] })
    expect((await survey.getHealth()).services.map(({ service }) => service)).toEqual(
      ['launcher', 'notifier', 'submitter', 'watcher'].flatMap((service) => [service, service]),
    )
    const [one, two] = urls.map(createApi)
    if (one === undefined || two === undefined) throw new Error('two submitters')

    const answers = [
      await one.submit({ service: 'trader', taskId: '1' }),
      await two.submit({ service: 'trader', taskId: '2' }),
      await two.submit({ service: 'auth', taskId: '1' }),
    ]
    for (const { attempt } of answers)
      await expect(one.finished(attempt)).resolves.toMatchObject({ phase: 'Succeeded' })

    // One of each is killed; the other one goes on.
    for (const index of [1, 3, 5, 7]) replicas[index]?.child.kill('SIGKILL')
    const last = await one.submit({ service: 'auth', taskId: '2' })
    await expect(one.finished(last.attempt)).resolves.toMatchObject({ phase: 'Succeeded' })

    const told = (): string[] =>
      sink.received.map(({ body }) => `${(body as { type: string }).type} ${(body as { subject: string }).subject}`)
    for (const { attempt } of [...answers, last]) {
      await expect.poll(told, { timeout: 40_000 }).toContain(`attempt.finished ${attempt}`)
      expect(told().filter((line) => line === `attempt.started ${attempt}`)).toHaveLength(1)
    }
  })
})
