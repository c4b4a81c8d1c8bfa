import { type ChildProcess, spawn as spawnProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { open, readFile } from 'node:fs/promises'
import type { HeldFile } from '@orchestrator/shared/contracts'
import { type Clock, printableLine, RetryableError } from '@orchestrator/shared/core'
import { errorsFile, linesFile } from '@orchestrator/shared/process'
import { readHeld } from './launch-folder.ts'

export interface SpawnRequest {
  readonly folder: string
  /** Absolute path of the runner's program. */
  readonly runnerMain: string
  /** The whole environment: nothing is inherited. */
  readonly environment: Readonly<Record<string, string>>
  readonly timeoutMs: number
  readonly clock: Clock
  readonly signal: AbortSignal
}

const POLL_MS = 10
const ERROR_LENGTH = 600

/**
 * Starts a runner in a session of its own, so that it outlives us, and waits until it is held.
 * @throws RetryableError RUNTIME_UNAVAILABLE when it cannot start, ends early or is not held in time
 */
export async function spawnHeldRunner(request: SpawnRequest): Promise<HeldFile> {
  const spawn = randomUUID()
  const { child, end } = await startRunner(request, spawn)
  const held = await waitForHeld(request, spawn, end)
  if (held !== undefined) return held
  child.kill('SIGKILL')
  const problem = end.problem ?? `it was not held within ${request.timeoutMs} ms`
  throw new RetryableError(
    'RUNTIME_UNAVAILABLE',
    `the runner did not start: ${problem}${await errorText(request.folder, spawn)}`,
  )
}

interface RunnerStart {
  readonly child: ChildProcess
  readonly end: RunnerEnd
}

async function startRunner({ folder, runnerMain, environment }: SpawnRequest, spawn: string): Promise<RunnerStart> {
  await using lines = await open(linesFile(folder, spawn), 'a', 0o600)
  await using errors = await open(errorsFile(folder, spawn), 'a', 0o600)
  const child = spawnProcess(process.execPath, [runnerMain, folder, spawn], {
    cwd: folder,
    detached: true,
    env: environment,
    stdio: ['ignore', lines.fd, errors.fd],
  })
  child.unref()
  // Listened to at once: while the files are closed it may have ended already.
  return { child, end: watchEnd(child) }
}

interface RunnerEnd {
  problem: string | undefined
}

function watchEnd(child: ChildProcess): RunnerEnd {
  const end: RunnerEnd = { problem: undefined }
  child.once('error', ({ message }) => (end.problem = message))
  child.once('exit', (code, signal) => (end.problem ??= `it ended with ${signal ?? `exit code ${code}`}`))
  return end
}

async function waitForHeld(request: SpawnRequest, spawn: string, end: RunnerEnd): Promise<HeldFile | undefined> {
  const { folder, timeoutMs, clock, signal } = request
  const until = clock.monotonicMs() + timeoutMs
  while (end.problem === undefined && clock.monotonicMs() < until) {
    const held = await readHeld(folder, spawn)
    if (held !== undefined) return held
    await clock.sleep(POLL_MS, signal)
  }
  return undefined
}

/** What the runner said before it died, without the lines of a stack. */
async function errorText(folder: string, spawn: string): Promise<string> {
  const text = await readFile(errorsFile(folder, spawn), 'utf8').catch(() => '')
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !/^\s+at /.test(line))
  return lines.length === 0 ? '' : `: ${printableLine(lines.join('\n').slice(0, ERROR_LENGTH))}`
}
