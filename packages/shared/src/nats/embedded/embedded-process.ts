/** The process of an embedded broker: how it is started under its lock, found, and stopped. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { open, readFile, stat } from 'node:fs/promises'
import { promisify } from 'node:util'
import { describeError, RetryableError, systemClock, TerminalError } from '../../core/index.ts'
import { assertSupportedServer } from '../connection/server-version.ts'
import type { BrokerDirectory } from './embedded-files.ts'

const run = promisify(execFile)
/**
 * A broker collects what nobody needs any more at half above what it needs, not at twice that: with a hundred thousand
 * attempts it holds 60 MiB less, for a twentieth of its processor time.
 */
export const BROKER_TUNING = { GOGC: '50' } as const
/** It needs nothing of the starter's environment, and nothing of it shall outlive the starter. */
const ENVIRONMENT = { PATH: '/usr/local/bin:/usr/bin:/bin', ...BROKER_TUNING }
const LOCK_HELD = 75

/**
 * The lock is flock(1) of util-linux that becomes the broker (`--no-fork`): the broker itself then holds the lock for its
 * life, and the kernel gives it back however the broker ends.
 */
export async function hasFlock(): Promise<boolean> {
  const { stdout } = await run('flock', ['--version'], { env: ENVIRONMENT }).catch(() => ({ stdout: '' }))
  return stdout.includes('util-linux')
}

/** @throws TerminalError SET_UP_INCOMPLETE when it does not run; BROKER_UNSUITABLE when it is too old */
export async function checkBinary(binary: string): Promise<void> {
  const { stdout } = await run(binary, ['--version'], { env: ENVIRONMENT }).catch((error: unknown) => {
    throw new TerminalError(
      'SET_UP_INCOMPLETE',
      `nats-server does not run (${describeError(error)}): repeat the set-up`,
      { cause: error },
    )
  })
  assertSupportedServer(/\d+\.\d+\.\d+/.exec(stdout)?.[0] ?? stdout.trim())
}

export interface StartedProcess {
  readonly child: ChildProcess
  readonly pid: number
}

/** Detached: a crash of the starter, or a signal to its group, leaves the broker alone. */
export async function spawnBroker(
  directory: BrokerDirectory,
  { binary, flock }: { readonly binary: string; readonly flock: boolean },
): Promise<StartedProcess> {
  const broker = [binary, '--config', directory.config]
  const locked = [
    'flock',
    '--nonblock',
    '--no-fork',
    '--conflict-exit-code',
    String(LOCK_HELD),
    directory.lock,
    ...broker,
  ]
  const [command = binary, ...args] = flock ? locked : broker
  await using log = await open(directory.log, 'a', 0o600)
  const child = spawn(command, args, {
    cwd: directory.root,
    env: ENVIRONMENT,
    stdio: ['ignore', log.fd, log.fd],
    detached: true,
  })
  child.unref()
  await once(child, 'spawn')
  return { child, pid: child.pid ?? 0 }
}

export function lockIsHeld({ exitCode }: ChildProcess): boolean {
  return exitCode === LOCK_HELD
}

/** Alive and running with this configuration file; where processes cannot be looked into: alive. */
export async function isBrokerOf({ config }: BrokerDirectory, pid: number): Promise<boolean> {
  if (!(await isAlive(pid))) return false
  const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => undefined)
  return commandLine === undefined || commandLine.split('\0').includes(config)
}

/** The lock is held by something that is not, and does not become, a broker of this directory. */
export async function isHeldByStranger(directory: BrokerDirectory): Promise<boolean> {
  const pid = await lockHolder(directory)
  return pid !== undefined && (await isAlive(pid)) && !(await isBrokerOf(directory, pid)) && (await isAlive(pid))
}

/** A zombie is dead: nobody may be there to collect it. */
async function isAlive(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  const status = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  return !/^\d+ \(.*\) [ZX]/s.test(status)
}

/** Pid of whoever holds the lock, where the kernel tells. */
export async function lockHolder({ lock }: BrokerDirectory): Promise<number | undefined> {
  const { ino } = await stat(lock)
  const locks = await readFile('/proc/locks', 'utf8').catch(() => '')
  const line = locks.split('\n').find((text) => text.includes('FLOCK') && text.includes(`:${ino} `))
  const pid = line === undefined ? undefined : /FLOCK\s+\w+\s+\w+\s+(\d+)/.exec(line)?.[1]
  return pid === undefined ? undefined : Number(pid)
}

const POLL_MS = 20
const STOP_LIMIT_MS = 15_000

/** Asks it to end and waits until it has. @throws RetryableError BROKER_UNAVAILABLE when it does not */
export async function stopBroker(directory: BrokerDirectory, pid: number): Promise<void> {
  if (!(await isBrokerOf(directory, pid))) return
  process.kill(pid, 'SIGTERM')
  const limit = AbortSignal.timeout(STOP_LIMIT_MS)
  await untilGone(directory, { pid, pollMs: POLL_MS, signal: limit }).catch(() => {
    throw new RetryableError(
      'BROKER_UNAVAILABLE',
      `the broker (pid ${pid}) did not stop within ${STOP_LIMIT_MS / 1000} s`,
    )
  })
}

export interface Watch {
  readonly pid: number
  readonly pollMs: number
  readonly signal: AbortSignal
}

export async function untilGone(directory: BrokerDirectory, { pid, pollMs, signal }: Watch): Promise<void> {
  while (await isBrokerOf(directory, pid)) await systemClock.sleep(pollMs, signal)
}
