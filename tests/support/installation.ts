import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Settings } from '@orchestrator/shared/contracts'
import { MARKER_VARIABLE } from '@orchestrator/shared/contracts'
import { createProcessTable } from '@orchestrator/shared/process'
import { expect } from 'vitest'
import { z } from 'zod'
import { type Api, createApi } from './api.ts'

const CLI = join(import.meta.dirname, '../../packages/cli/src/main.ts')

/** `orchestrator up` as a process of its own, as a user runs it. */
export interface Installation extends AsyncDisposable {
  readonly api: Api
  readonly url: string
  readonly stateDirectory: string
  readonly pid: number
  /** Path of a service's workspace. */
  workspace(service: string): string
  /** Runs `orchestrator …` against it. */
  cli(...args: readonly string[]): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }>
  /** Ends `up` as by a power failure of this one process. */
  kill(): Promise<void>
  /** Starts `up` on the same state directory again. */
  start(): Promise<void>
}

export type SettingsInput = z.input<typeof Settings>

export async function startInstallation(settings: SettingsInput): Promise<Installation> {
  const root = await mkdtemp(join(tmpdir(), 'orchestrator-up-'))
  const settingsFile = join(root, 'settings.json')
  await writeFile(settingsFile, JSON.stringify(settings))
  const stateDirectory = join(root, 'state')
  const up = createUp(['--state-dir', stateDirectory, '--config', settingsFile, '--port', '0'], stateDirectory)
  await up.start()
  return {
    get api() {
      return createApi(up.url())
    },
    get url() {
      return up.url()
    },
    get pid() {
      return up.pid()
    },
    stateDirectory,
    workspace: (service) => join(stateDirectory, 'workspaces', `workspace-${service}`),
    cli: (...args) => runCli([...args, '--server', up.url()]),
    kill: () => up.end('SIGKILL'),
    start: () => up.start(),
    [Symbol.asyncDispose]: async () => {
      const attempts = await createApi(up.url())
        .attempts('limit=200')
        .catch(() => [])
      await up.end('SIGTERM')
      await endRunners(attempts.length, stateDirectory)
      await rm(root, { recursive: true, force: true })
    },
  }
}

interface Up {
  start(): Promise<void>
  end(signal: NodeJS.Signals): Promise<void>
  url(): string
  pid(): number
}

const UpFile = z.object({ url: z.string(), pid: z.int() })

function createUp(args: readonly string[], stateDirectory: string): Up {
  let child: ReturnType<typeof spawn> | undefined
  let listening = ''
  return {
    start: async () => {
      const up = spawn(process.execPath, [CLI, 'up', ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
      child = up
      let output = ''
      up.stdout.on('data', (data: Buffer) => (output += data.toString()))
      up.stderr.on('data', (data: Buffer) => (output += data.toString()))
      await expect
        .poll(
          async () => {
            if (up.exitCode !== null) throw new Error(`up ended with ${up.exitCode}: ${output}`)
            const file = await readFile(join(stateDirectory, 'up.json'), 'utf8').catch(() => '{}')
            const { data } = UpFile.safeParse(JSON.parse(file))
            listening = data?.url ?? ''
            return data?.pid
          },
          { timeout: 20_000 },
        )
        .toBe(up.pid)
    },
    end: async (signal) => {
      if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
      const exited = once(child, 'exit')
      child.kill(signal)
      await exited
    },
    url: () => listening,
    pid: () => child?.pid ?? 0,
  }
}

/** Attempts outlive `up` on purpose; a test must not leave them behind. */
async function endRunners(attempts: number, stateDirectory: string): Promise<void> {
  if (attempts === 0) return
  const table = createProcessTable()
  for (const id of await submittedIds(stateDirectory)) table.signalAll(MARKER_VARIABLE, id, 'SIGKILL')
}

async function submittedIds(stateDirectory: string): Promise<readonly string[]> {
  const { glob } = await import('node:fs/promises')
  const ids: string[] = []
  for await (const file of glob('launches/*/attempt.json', { cwd: stateDirectory })) {
    const { submittedId } = z
      .object({ submittedId: z.string() })
      .parse(JSON.parse(await readFile(join(stateDirectory, file), 'utf8')))
    ids.push(submittedId)
  }
  return ids
}

async function runCli(args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [CLI, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1' },
  })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (data: Buffer) => (stdout += data.toString()))
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()))
  await once(child, 'close')
  return { code: child.exitCode ?? -1, stdout, stderr }
}
