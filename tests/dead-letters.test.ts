import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { attemptSubject, DeadLetterPage, type DeadLetterView, WorkspaceDocument } from '@orchestrator/shared/contracts'
import { type Broker, createLedger, openDocuments } from '@orchestrator/shared/nats'
import { scriptedAgentCommand, startTestBroker, startWebhookSink, temporaryDirectory } from '@orchestrator/testing'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createApi } from './support/api.ts'
import { endRunners } from './support/installation.ts'
import { type Replica, startReplica } from './support/replica.ts'
import { createPlatform, createTarget } from './support/repositories.ts'

const CLI = join(import.meta.dirname, '../packages/cli/src/main.ts')
const { signal } = new AbortController()
/** A message in the hands of whoever was killed comes again after the broker's patience, half a minute. */
const PATIENCE = { timeout: 90_000, interval: 100 }
const Sent = z.object({ type: z.string(), subject: z.string() })
const Replays = z.object({ replays: z.array(z.object({ accepted: z.boolean() })) })

async function cli(url: string, ...args: readonly string[]): Promise<unknown> {
  const program = spawn(process.execPath, [CLI, 'deadletters', ...args, '-o', 'json', '--server', url])
  let output = ''
  program.stdout.on('data', (data: Buffer) => (output += data.toString()))
  const [code] = await once(program, 'close')
  if (code !== 0) throw new Error(`deadletters ${args.join(' ')} ended with ${String(code)}`)
  return JSON.parse(output)
}

const lettersOf = async (url: string, durable: string): Promise<readonly DeadLetterView[]> => {
  const response = await fetch(new URL(`/v1/deadletters?durable=${durable}`, url))
  return DeadLetterPage.parse(await response.json()).letters
}

const inFlight = async ({ jsm }: Broker, durable: string): Promise<number> =>
  (await jsm.consumers.info('DEADLETTERS', durable)).num_ack_pending

describe('what services give up', () => {
  it(
    'is listed, replayed once the cause is removed, and done, whichever replicas are killed meanwhile',
    { timeout: 240_000 },
    async () => {
      await using broker = await startTestBroker()
      await using sink = await startWebhookSink({ respond: () => 404 })
      await using state = await temporaryDirectory()
      await using platform = await createPlatform([{ id: '1' }, { id: '2' }])
      await using target = await createTarget()
      const settingsFile = join(state.path, 'settings.json')
      const settings = {
        defaults: { platformRepositoryUrl: platform.url, agent: 'slow-agent' },
        services: { trader: { repositoryUrl: target.url }, auth: { repositoryUrl: target.url } },
        agents: {
          'slow-agent': {
            adapter: 'command',
            command: scriptedAgentCommand([{ do: 'say', text: 'thinking' }, { do: 'hang' }]),
          },
        },
        channels: { webhooks: [{ name: 'team', url: sink.url }] },
      }
      await writeFile(settingsFile, JSON.stringify(settings))
      await using stack = new AsyncDisposableStack()
      stack.defer(() => endRunners(state.path))
      const start = async (service: string, count: number): Promise<readonly Replica[]> => {
        const environment = { NATS_URL: broker.url, SETTINGS_FILE: settingsFile, STATE_DIR: state.path, PORT: '0' }
        const replicas = Array.from({ length: count }, (_none, n) =>
          stack.use(startReplica(service, { ...environment, VIEW_FILE: join(state.path, `view-${n}.sqlite`) })),
        )
        for (const replica of replicas) await expect.poll(() => replica.output(), PATIENCE).toContain('"started"')
        return replicas
      }
      const [submitter] = await start('submitter', 1)
      const launchers = await start('launcher', 2)
      await start('watcher', 1)
      const notifiers = await start('notifier', 2)
      const url = /http:\/\/127\.0\.0\.1:\d+/.exec(submitter?.output() ?? '')?.[0] ?? ''
      const api = createApi(url)
      const observer = await broker.connect('observer')
      const workspaces = await openDocuments(observer, 'workspaces', WorkspaceDocument)

      // A submission that cannot be handled ends its attempt; its replay finds nothing left to do.
      await observer.js.publish('$KV.workspaces.auth', 'damaged')
      const lost = await api.submit({ service: 'auth', taskId: '1' })
      await expect(api.finished(lost.attempt)).resolves.toMatchObject({ phase: 'Failed', reason: 'Undeliverable' })
      const [undeliverable] = DeadLetterPage.parse(await cli(url, 'list', '--durable', 'launcher')).letters
      expect(undeliverable).toMatchObject({ state: 'open', reason: 'terminal', stream: 'TASKS' })
      await cli(url, 'replay', String(undeliverable?.sequence))
      await expect
        .poll(async () => (await lettersOf(url, 'launcher')).map((letter) => letter.state), PATIENCE)
        .toEqual(['obsolete'])

      // A stop that is given up stays undone until the document is mended and a person asks for it.
      const running = await api.submit({ service: 'trader', taskId: '1' })
      await api.until(running.attempt, ({ phase }) => phase === 'Running')
      const waiting = await api.submit({ service: 'trader', taskId: '2' })
      const noted = async (): Promise<boolean> =>
        (await workspaces.get('trader'))?.value.entries.some(({ name }) => name === waiting.attempt) === true
      await expect.poll(noted, PATIENCE).toBe(true)
      const document = await workspaces.get('trader')
      if (document === undefined) throw new Error('a document')
      const damaged = await observer.js.publish('$KV.workspaces.trader', 'damaged')
      await api.stop(waiting.attempt)
      await expect.poll(async () => (await lettersOf(url, 'launcher')).length, PATIENCE).toBe(2)
      const [stop] = await lettersOf(url, 'launcher')
      await workspaces.update('trader', document.value, damaged.seq)

      // Both launchers stand still with the replay in hand, both notifiers with their call, and all are killed so.
      sink.respondWith(() => 'hang')
      for (const { child } of launchers) child.kill('SIGSTOP')
      await cli(url, 'replay', String(stop?.sequence))
      await expect.poll(() => inFlight(observer, 'launcher-replay'), PATIENCE).toBe(1)
      const refused = (await lettersOf(url, 'notifier')).at(-1)
      expect(refused).toMatchObject({ channel: 'team', reason: 'rejected', state: 'open' })
      const received = sink.received.length
      await cli(url, 'replay', '--all', '--durable', 'notifier')
      await expect.poll(() => sink.received.length, PATIENCE).toBeGreaterThan(received)
      await Promise.all([...launchers, ...notifiers].map((replica) => replica.kill()))
      const before = sink.received.length
      sink.respondWith(() => 204)
      await start('launcher', 2)
      await start('notifier', 2)

      await expect
        .poll(async () => (await lettersOf(url, 'launcher')).map((letter) => letter.state), PATIENCE)
        .toEqual(['handled', 'obsolete'])
      await expect(api.finished(waiting.attempt)).resolves.toMatchObject({ phase: 'Stopped' })
      await expect
        .poll(async () => [...new Set((await lettersOf(url, 'notifier')).map((letter) => letter.state))], PATIENCE)
        .toEqual(['handled'])
      const again = Replays.parse(await cli(url, 'replay', String(stop?.sequence), String(refused?.sequence)))
      expect(again.replays.map(({ accepted }) => accepted)).toEqual([false, false])

      const history = await (
        await createLedger(observer)
      ).read(attemptSubject({ service: 'trader', tag: 'master', taskId: '2', n: 1 }), signal)
      expect(history.events.map(({ event }) => event.type)).toEqual(['task.stopRequested', 'attempt.finished'])
      const told = sink.received.slice(before).map(({ body }) => Object.values(Sent.parse(body)).join(' '))
      expect(told.filter((line) => line === `task.submitted ${lost.attempt}`)).toHaveLength(1)
      await api.stop(running.attempt)
      await expect(api.finished(running.attempt)).resolves.toMatchObject({ phase: 'Stopped' })
    },
  )
})
