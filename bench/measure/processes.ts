/** Programs under measurement, each in a process of its own as in production, ended with the benchmark. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

export interface Program extends AsyncDisposable {
  readonly pid: number
  /** Until now, kernel time included. */
  readonly cpuSeconds: () => number
  readonly residentBytes: () => number
}

export interface ProgramOptions {
  readonly main: string
  /** A module that is loaded before it. */
  readonly preload?: string
  readonly environment: Readonly<Record<string, string>>
}

const START_LIMIT_MS = 60_000
const STOP_LIMIT_MS = 15_000
const TICKS_PER_SECOND = 100
const PAGE_BYTES = 4096

/** The program of a service: started, never imported. */
export function mainOf(service: 'submitter' | 'launcher' | 'watcher' | 'notifier'): string {
  return join(import.meta.dirname, '../../services', service, 'src/main.ts')
}

/** Starts it and waits until its `/readyz` says so. Its log is written, to nowhere. */
export async function startProgram({ main, preload, environment }: ProgramOptions): Promise<Program> {
  const port = await freePort()
  const child = spawn(
    process.execPath,
    [...(preload === undefined ? [] : ['--import', preload]), ...profiling(), main],
    {
      env: { PATH: process.env['PATH'] ?? '', LANG: 'C.UTF-8', ...environment, HEALTH_PORT: String(port) },
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  )
  const end = (): void => {
    child.kill('SIGKILL')
  }
  process.once('exit', end)
  const program = { ...processMeter(child.pid ?? 0), [Symbol.asyncDispose]: () => stop(child, end) }
  try {
    await untilReady(child, port)
    return program
  } catch (error) {
    await stop(child, end)
    throw new Error(`${main} did not start`, { cause: error })
  }
}

/** `BENCH_PROFILE=<folder>` leaves a CPU profile of each program there. */
function profiling(): readonly string[] {
  const folder = process.env['BENCH_PROFILE']
  return folder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${folder}`]
}

export function processMeter(pid: number): Pick<Program, 'pid' | 'cpuSeconds' | 'residentBytes'> {
  // "<pid> (<name>) <state> …": after the name, fields 11 and 12 are user and system time, field 21 resident pages.
  const fields = (): readonly string[] => {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(') ') + 2).split(' ')
  }
  return {
    pid,
    cpuSeconds: () => {
      const found = fields()
      return (Number(found[11]) + Number(found[12])) / TICKS_PER_SECOND
    },
    residentBytes: () => Number(fields()[21]) * PAGE_BYTES,
  }
}

async function stop(child: ChildProcess, onExit: () => void): Promise<void> {
  process.off('exit', onExit)
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  const hard = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS)
  await ended
  clearTimeout(hard)
}

async function untilReady(child: ChildProcess, port: number): Promise<void> {
  const until = performance.now() + START_LIMIT_MS
  while (child.exitCode === null && performance.now() < until) {
    const answer = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined)
    if (answer?.ok === true) return
    await delay(20)
  }
  throw new Error(child.exitCode === null ? 'it is not ready in time' : `it ended with exit code ${child.exitCode}`)
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('a TCP server has an address and port')
  return address.port
}
