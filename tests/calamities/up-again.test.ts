/** `up` killed and started again, on the same state directory. */
import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { AttemptStarted } from '@orchestrator/shared/contracts'
import { scriptedAgentCommand, startWebhookSink, temporaryDirectory, type WebhookSink } from '@orchestrator/testing'
import { describe, expect, it } from 'vitest'
import { type Installation, runCli, startInstallation } from '../support/installation.ts'
import { createPlatform, createTarget } from '../support/repositories.ts'

const run = promisify(execFile)

function brokerOf(installation: Installation): { readonly pid: number; readonly adopted: boolean } {
  const [, pid, adopted] = /broker\s+pid (\d+)(.*adopted)?/.exec(installation.output()) ?? []
  return { pid: Number(pid), adopted: adopted !== undefined }
}

/** By flock(1), as another program would ask. */
async function isLocked({ stateDirectory }: Installation): Promise<boolean> {
  return await run('flock', ['--nonblock', join(stateDirectory, 'broker', 'lock'), 'true']).then(
    () => false,
    () => true,
  )
}

function uidsStarted({ received }: WebhookSink, name: string): ReadonlySet<string> {
  const started = received.flatMap(({ body }) => AttemptStarted.safeParse(body).data ?? [])
  return new Set(started.filter(({ data }) => data.name === name).map(({ data }) => data.workloadUid))
}

const ready = async ({ url }: Installation): Promise<boolean> =>
  await fetch(new URL('/readyz', url)).then(
    ({ ok }) => ok,
    () => false,
  )

describe('up that is killed', () => {
  it(
    'is started again on broker and attempts that went on, as often as it takes, and starts nothing twice',
    { timeout: 120_000 },
    async () => {
      await using sink = await startWebhookSink()
      await using platform = await createPlatform([{ id: '1' }, { id: '2' }])
      await using target = await createTarget()
      await using marks = await temporaryDirectory()
      const [runs, goOn] = [join(marks.path, 'runs'), join(marks.path, 'go-on')]
      await using installation = await startInstallation({
        defaults: { platformRepositoryUrl: platform.url, agent: 'patient' },
        services: { trader: { repositoryUrl: target.url } },
        agents: {
          patient: {
            adapter: 'command',
            command: scriptedAgentCommand([
              { do: 'run', command: ['sh', '-c', `echo "task $ORCHESTRATOR_TASK_ID" >> ${runs}`] },
              { do: 'say', text: 'at work' },
              { do: 'await', path: goOn },
              { do: 'write', path: 'done.txt', text: 'done\n' },
            ]),
          },
        },
        channels: { webhooks: [{ name: 'team', url: sink.url }] },
      })
      const first = brokerOf(installation)
      expect(first.adopted).toBe(false)
      const one = await installation.api.submit({ service: 'trader', taskId: '1' })
      await installation.api.until(one.attempt, ({ lastText }) => lastText === 'at work')
      const two = await installation.api.submit({ service: 'trader', taskId: '2' })

      // The broker goes on, with its lock, and so does the attempt: the next `up` takes both over.
      await installation.kill()
      await expect(isLocked(installation)).resolves.toBe(true)
      await installation.start()
      expect(brokerOf(installation)).toEqual({ pid: first.pid, adopted: true })
      await expect.poll(() => ready(installation)).toBe(true)
      expect(await installation.api.attempt(one.attempt)).toMatchObject({ phase: 'Running', lastText: 'at work' })

      // Another one beside it is refused, and is told where this one is.
      const beside = await runCli(['up', '--state-dir', installation.stateDirectory, '--port', '0'])
      expect(beside).toMatchObject({ code: 1, stdout: '' })
      expect(beside.stderr).toContain(`listens at ${installation.url} (pid ${installation.pid})`)
      expect(beside.stderr).toContain('--state-dir')
      expect(await ready(installation)).toBe(true)

      // An adopted broker that dies is started again like one's own.
      process.kill(first.pid, 'SIGKILL')
      await expect.poll(() => ready(installation)).toBe(false)
      await expect.poll(() => ready(installation)).toBe(true)
      await expect(isLocked(installation)).resolves.toBe(true)

      // Both are killed, what they wrote about themselves stays: nobody is misled by it.
      const [second] = await brokerPids(installation)
      expect(second).not.toBe(first.pid)
      await installation.kill()
      process.kill(second ?? 0, 'SIGKILL')
      await expect.poll(() => isLocked(installation)).toBe(false)
      await installation.start()
      expect(brokerOf(installation)).toMatchObject({ adopted: false })

      await writeFile(goOn, '')
      for (const { attempt } of [one, two]) {
        await expect(installation.api.finished(attempt)).resolves.toMatchObject({ phase: 'Succeeded' })
        await expect.poll(() => uidsStarted(sink, attempt).size).toBe(1)
      }
      await expect(readFile(runs, 'utf8')).resolves.toBe('task 1\ntask 2\n')
    },
  )
})

/** Of the brokers that run on this directory. */
async function brokerPids({ stateDirectory }: Installation): Promise<readonly number[]> {
  const { stdout } = await run('pgrep', ['--full', join(stateDirectory, 'broker', 'nats-server.conf')])
  return stdout.trim().split('\n').map(Number)
}
