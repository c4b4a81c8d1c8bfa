/** The process table of Linux, read from /proc. Everything is synchronous: these files never block. */
import { readdirSync, readFileSync } from 'node:fs'
import { RetryableError, TerminalError } from '../core/index.ts'
import type { ProcessIdentity, ProcessTable } from './ports.ts'
import { environmentHolds, isGone, parseStat, pidsAmong, type ProcessStat } from './proc-text.ts'

const BOOT_ID_FILE = '/proc/sys/kernel/random/boot_id'
/** Between two programs (execve) a process shows an empty environment for some microseconds. */
const READS_OF_EMPTY_ENVIRONMENT = 5

/** @throws TerminalError RUNTIME_UNAVAILABLE where there is no Linux /proc */
export function createProcessTable(): ProcessTable {
  const boot = readBootId()
  const identify = (pid: number): ProcessIdentity | undefined => {
    const stat = readStat(pid)
    return stat === undefined || isGone(stat) ? undefined : { bootId: boot, pid, startTicks: stat.startTicks }
  }
  return {
    bootId: () => boot,
    identify,
    isAlive: ({ bootId, pid, startTicks }) => bootId === boot && identify(pid)?.startTicks === startTicks,
    withVariable: pidsWithVariable,
    signalAll: (name, value, signal) => {
      for (const pid of pidsWithVariable(name, value)) signalWithGroup(pid, signal)
    },
  }
}

function readBootId(): string {
  try {
    return readFileSync(BOOT_ID_FILE, 'utf8').trim()
  } catch (cause) {
    throw new TerminalError('RUNTIME_UNAVAILABLE', `cannot read ${BOOT_ID_FILE}: processes are told apart by it`, {
      cause,
    })
  }
}

function pidsWithVariable(name: string, value: string): readonly number[] {
  const found = scan(name, value)
  // A process may have forked behind the scan's back and ended: "none" is said only when two scans agree.
  return found.length === 0 ? scan(name, value) : found
}

function scan(name: string, value: string): readonly number[] {
  return pidsAmong(readdirSync('/proc')).filter((pid) => holdsVariable(pid, name, value))
}

function holdsVariable(pid: number, name: string, value: string): boolean {
  for (let read = 0; read < READS_OF_EMPTY_ENVIRONMENT; read += 1) {
    const environ = readProc(`/proc/${pid}/environ`)
    if (environ === undefined) return false
    if (environ.length > 0) return environmentHolds(environ, name, value) && isLive(readStat(pid))
    if (!isLive(readStat(pid))) return false
  }
  return false
}

function isLive(stat: ProcessStat | undefined): boolean {
  return stat !== undefined && !isGone(stat) && !stat.isKernelThread
}

function readStat(pid: number): ProcessStat | undefined {
  const text = readProc(`/proc/${pid}/stat`)
  return text === undefined ? undefined : parseStat(text.toString('utf8'))
}

/** `undefined` for a process that is gone, or another user's. */
function readProc(path: string): Buffer | undefined {
  try {
    return readFileSync(path)
  } catch (error) {
    if (error instanceof Error && 'code' in error && isAbsence(error.code)) return undefined
    throw new RetryableError('RUNTIME_UNAVAILABLE', `cannot read ${path}`, { cause: error })
  }
}

function isAbsence(code: unknown): boolean {
  return code === 'ENOENT' || code === 'ESRCH' || code === 'EACCES' || code === 'EPERM'
}

function signalWithGroup(pid: number, signal: NodeJS.Signals): void {
  const leadsGroup = readStat(pid)?.processGroup === pid
  signalOne(leadsGroup ? -pid : pid, signal)
}

function signalOne(target: number, signal: NodeJS.Signals): void {
  try {
    process.kill(target, signal)
  } catch (error) {
    // Gone meanwhile, or changed to another user: the next look at the table decides.
    if (!(error instanceof Error && 'code' in error && isAbsence(error.code))) throw error
  }
}
