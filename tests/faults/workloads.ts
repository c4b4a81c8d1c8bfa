/** Processes of a round, found by what /proc says of them: all that belong to its folder, and who is runner or agent. */
import { readdirSync, readFileSync } from 'node:fs'
import { MARKER_VARIABLE } from '@orchestrator/shared/contracts'

export interface FoundProcess {
  readonly pid: number
  readonly command: readonly string[]
  /** Of the attempt whose mark it carries. */
  readonly submittedId: string | undefined
}

export type Role = 'runner' | 'agent' | 'broker' | 'other'

/** Every live process that names the folder in its command line or environment, this one left out. */
export function processesOf(folder: string): readonly FoundProcess[] {
  return readdirSync('/proc')
    .filter((name) => /^[1-9]\d*$/.test(name) && Number(name) !== process.pid)
    .flatMap((name) => readProcess(Number(name), folder) ?? [])
}

export function roleOf({ command, submittedId }: Pick<FoundProcess, 'command' | 'submittedId'>): Role {
  if (command[0]?.endsWith('nats-server') === true) return 'broker'
  if (submittedId === undefined) return 'other'
  if (command[1]?.endsWith('runner/src/main.ts') === true) return 'runner'
  return command[1]?.endsWith('scripted-agent.ts') === true ? 'agent' : 'other'
}

function isLive(pid: number): boolean {
  const state = /^\d+ \(.*\) (\S)/s.exec(read(`/proc/${pid}/stat`))?.[1]
  return state !== undefined && state !== 'Z' && state !== 'X'
}

export function killProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended meanwhile.
  }
}

/** Ends what is left of a round, until nothing is. */
export function endAll(folder: string): void {
  for (let rest = processesOf(folder); rest.length > 0; rest = processesOf(folder)) {
    for (const { pid } of rest) killProcess(pid)
  }
}

function readProcess(pid: number, folder: string): FoundProcess | undefined {
  const command = read(`/proc/${pid}/cmdline`).split('\0')
  const environment = read(`/proc/${pid}/environ`).split('\0')
  if (![...command, ...environment].some((text) => text.includes(folder)) || !isLive(pid)) return undefined
  const mark = `${MARKER_VARIABLE}=`
  return { pid, command, submittedId: environment.find((text) => text.startsWith(mark))?.slice(mark.length) }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
