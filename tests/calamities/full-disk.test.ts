/** Disks that fill up under a running `up`, and have space again later. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Problem } from '@orchestrator/shared/contracts'
import { scriptedAgentCommand, temporaryDirectory } from '@orchestrator/testing'
import { describe, expect, it } from 'vitest'
import { type Installation, startInstallation } from '../support/installation.ts'
import { type Machine, NO_MACHINE, startMachine } from '../support/machine.ts'
import { createPlatform, createTarget } from '../support/repositories.ts'

const PATIENCE = { timeout: 60_000, interval: 200 }

/** Leaves so much free on a disk of the machine. */
async function leave(machine: Machine, disk: string, kib: number): Promise<void> {
  const used = Number((await machine.run('df', '--output=used', '-k', disk)).split('\n')[1])
  await machine.run('mount', '-o', `remount,size=${used + kib}k`, disk)
}

async function makeSpace(machine: Machine, disk: string): Promise<void> {
  await machine.run('mount', '-o', 'remount,size=6g', disk)
}

/** The problem of a submit, or the attempt that it made. */
async function trySubmit({ url }: Installation, taskId: string): Promise<Problem | string> {
  const response = await fetch(new URL('/v1/tasks', url), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ service: 'trader', taskId }),
  })
  const body: unknown = await response.json()
  if (response.status === 202) return (body as { attempt: string }).attempt
  expect(response.headers.get('content-type')).toContain('application/problem+json')
  return Problem.parse(body)
}

describe('a full disk', () => {
  it(
    'under broker, view and workspace is told, loses nothing that was acknowledged, and is over once there is space',
    { timeout: 180_000 },
    async ({ skip }) => {
      skip(NO_MACHINE !== undefined, NO_MACHINE)
      const ids = Array.from({ length: 40 }, (_, i) => String(i + 1))
      await using platform = await createPlatform(ids.map((id) => ({ id })))
      await using target = await createTarget()
      await using directory = await temporaryDirectory()
      const goOn = join(directory.path, 'go-on')
      const state = join(directory.path, 'state')
      await using machine = await startMachine({ disks: [state] })
      await using installation = await startInstallation(
        {
          defaults: { platformRepositoryUrl: platform.url, agent: 'patient' },
          services: { trader: { repositoryUrl: target.url } },
          agents: {
            patient: {
              adapter: 'command',
              command: scriptedAgentCommand([
                { do: 'say', text: 'at work' },
                { do: 'await', path: goOn },
                { do: 'write', path: 'done.txt', text: 'done\n' },
              ]),
            },
          },
        },
        { folder: directory.path, place: machine },
      )
      const { api, url } = installation
      const first = await api.submit({ service: 'trader', taskId: '1' })
      await api.until(first.attempt, ({ lastText }) => lastText === 'at work')

      await leave(machine, state, 16)
      const accepted: string[] = [first.attempt]
      let problem: Problem | undefined
      for (const id of ids.slice(1)) {
        const answer = await trySubmit(installation, id)
        if (typeof answer === 'string') accepted.push(answer)
        else problem = answer
        if (problem !== undefined) break
      }
      expect(problem).toMatchObject({ status: 503, detail: expect.stringMatching(/disk|the view is being filled/) })
      await expect.poll(() => installation.output(), PATIENCE).toContain('the disk of the broker is full')
      expect((await fetch(new URL('/livez', url))).status).toBe(200)

      await makeSpace(machine, state)
      await expect.poll(async () => (await fetch(new URL('/readyz', url))).status, PATIENCE).toBe(200)
      await expect.poll(() => trySubmit(installation, '40'), PATIENCE).toBe('trader-patient-task40-attempt1')
      const names = async (): Promise<string[]> => (await api.attempts('limit=200')).map(({ name }) => name)
      await expect.poll(names, PATIENCE).toEqual(expect.arrayContaining(accepted))

      await writeFile(goOn, '')
      await expect(api.finished(first.attempt)).resolves.toMatchObject({ phase: 'Succeeded' })
      await expect(target.read(first.branch, 'trader/done.txt')).resolves.toBe('done\n')
      for (const attempt of accepted) await api.finished(attempt)
    },
  )

  it(
    'under the workspace fails the attempt and names the disk; the retry works once there is space',
    { timeout: 120_000 },
    async ({ skip }) => {
      skip(NO_MACHINE !== undefined, NO_MACHINE)
      await using platform = await createPlatform([{ id: '1' }])
      await using target = await createTarget()
      await using directory = await temporaryDirectory()
      const goOn = join(directory.path, 'go-on')
      const workspaces = join(directory.path, 'state', 'workspaces')
      await using machine = await startMachine({ disks: [workspaces] })
      await using installation = await startInstallation(
        {
          defaults: { platformRepositoryUrl: platform.url, agent: 'patient' },
          services: { trader: { repositoryUrl: target.url } },
          agents: {
            patient: {
              adapter: 'command',
              command: scriptedAgentCommand([
                { do: 'write', path: 'done.txt', text: 'done\n'.repeat(100) },
                { do: 'say', text: 'at work' },
                { do: 'await', path: goOn },
              ]),
            },
          },
        },
        { folder: directory.path, place: machine },
      )
      const { api } = installation
      const first = await api.submit({ service: 'trader', taskId: '1' })
      await api.until(first.attempt, ({ lastText }) => lastText === 'at work')
      await leave(machine, workspaces, 0)
      await writeFile(goOn, '')
      const failed = await api.finished(first.attempt)
      expect(failed).toMatchObject({ phase: 'Failed', reason: 'DiskFull' })
      expect(failed.message).toMatch(/disk|space/)

      await makeSpace(machine, workspaces)
      const second = await api.retry({ service: 'trader', taskId: '1' }, { guidance: 'There is space again.' })
      await expect(api.finished(second.attempt)).resolves.toMatchObject({ phase: 'Succeeded' })
      await expect(target.read(second.branch, 'trader/done.txt')).resolves.toContain('done')
    },
  )
})
