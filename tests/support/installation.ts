import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Settings } from '@orchestrator/shared/contracts'
import { MARKER_VARIABLE } from '@orchestrator/shared/contracts'
import { createProcessTable } from '@orchestrator/shared/process'
import { expect, vi } from 'vitest'
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
  /** What the running `up` has said so far, standard error too. */
  output(): string
  /** Ends `up` as by a power failure of this one process. */
  kill(): Promise<void>
  /** Starts `up` on the same state directory again. */
  start(): Promise<void>
}

export type SettingsInput = z.input<typeof Settings>

/** Where `up` runs. */
export interface Place {
  spawn(command: readonly string[]): ChildProcess
  /** By the pid that the process has there. */
  signal(pid: number, signal: NodeJS.Signals): Promise<void>
  /** A path there, as this process sees it. */
  outside(path: string): string
}

const thisMachine = (environment: Readonly<Record<string, string>>): Place => ({
  spawn: ([program = '', ...args]) =>
    spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...environment } }),
  signal: async (pid, signal) => {
    process.kill(pid, signal)
    return await Promise.resolve()
  },
  outside: (path) => path,
})

export interface InstallationPlace {
  /** Its state directory is below this folder; one that is removed at the end when left out. */
  readonly folder?: string
  readonly place?: Place
  /** More arguments of `up`. */
  readonly args?: readonly string[]
  /** Beside that of the tests, on this machine. */
  readonly environment?: Readonly<Record<string, string>>
}

export async function startInstallation(
  settings: SettingsInput,
  { folder, environment = {}, place = thisMachine(environment), args: more = [] }: InstallationPlace = {},
): Promise<Installation> {
  const root = folder ?? (await mkdtemp(join(tmpdir(), 'orchestrator-up-')))
  const settingsFile = join(root, 'settings.json')
  await writeFile(settingsFile, JSON.stringify(settings))
  const stateDirectory = join(root, 'state')
  const up = createUp(
    ['--state-dir', stateDirectory, '--config', settingsFile, '--port', '0', ...more],
    stateDirectory,
    place,
  )
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
    output: () => up.output(),
    kill: () => up.end('SIGKILL'),
    start: () => up.start(),
    [Symbol.asyncDispose]: async () => {
      const attempts = await createApi(up.url())
        .attempts('limit=200')
        .catch(() => [])
      await up.end('SIGTERM')
      if (attempts.length > 0) await endRunners(stateDirectory)
      if (folder === undefined) await rm(root, { recursive: true, force: true })
    },
  }
}

interface Up {
  start(): Promise<void>
  end(signal: NodeJS.Signals): Promise<void>
  output(): string
  url(): string
  pid(): number
}

const UpFile = z.object({ pid: z.int() })

function createUp(args: readonly string[], stateDirectory: string, place: Place): Up {
  const upFile = join(stateDirectory, 'up.json')
  let child: ChildProcess | undefined
  let output = ''
  let [listening, pid] = ['', 0]
  return {
    start: async () => {
      const up = place.spawn([process.execPath, CLI, 'up', ...args])
      child = up
      output = ''
      up.stdout?.on('data', (data: Buffer) => (output += data.toString()))
      up.stderr?.on('data', (data: Buffer) => (output += data.toString()))
      // Not expect.poll: this also runs outside of a test, before all of them.
      await vi.waitFor(
        () => {
          if (up.exitCode !== null) throw new Error(`up ended with ${up.exitCode}: ${output}`)
          listening = /is up at (\S+)/.exec(output)?.[1] ?? ''
          expect(listening).not.toBe('')
        },
        { timeout: 20_000 },
      )
      pid = UpFile.parse(JSON.parse(await readFile(place.outside(upFile), 'utf8'))).pid
    },
    end: async (signal) => {
      if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
      const exited = once(child, 'exit')
      await place.signal(pid, signal).catch(() => undefined)
      await exited
    },
    output: () => output,
    url: () => listening,
    pid: () => pid,
  }
}

/** Attempts outlive `up` on purpose; a test must not leave them behind. */
export async function endRunners(stateDirectory: string): Promise<void> {
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

export async function runCli(args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
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
