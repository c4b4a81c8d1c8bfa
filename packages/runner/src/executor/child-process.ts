/** The executor of one machine: a child process that leads its own group, without a shell. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { type Clock, describeError, TerminalError } from '@orchestrator/shared/core'
import type { ExecutionEnd, Executor, ExecutorCommand } from '../ports.ts'
import { createLineSplitter } from './line-splitter.ts'

/** More than this of one line is nobody's line any more. */
const LINE_MAX_BYTES = 64 * 1024
/** A message of a conversation may carry a whole file. */
const MESSAGE_MAX_BYTES = 8 * 1024 * 1024
/** A process that outlives its parent may hold the pipe for ever. */
const DRAIN_MS = 2000
/** Who is told to end need not tell its story. */
const DRAIN_URGED_MS = 200

export interface ChildProcessDependencies {
  readonly clock: Clock
  /** Ends what left the group: called after each end. */
  readonly endStrays: () => Promise<void>
}

export interface ChildProcessExecutor extends Executor {
  /** Kills every group that is still there; for the last moments of this process, hence synchronous. */
  killAll(): void
}

export function createChildProcessExecutor({ clock, endStrays }: ChildProcessDependencies): ChildProcessExecutor {
  const running = new Set<number>()
  return {
    start: async (command) => {
      const startedAt = clock.monotonicMs()
      const { child, pid } = await startChild(command)
      running.add(pid)
      let urged = false
      const end = async (): Promise<ExecutionEnd> => {
        const { exitCode, signal } = await exited(child)
        const durationMs = Math.round(clock.monotonicMs() - startedAt)
        await drained(child, urged ? DRAIN_URGED_MS : DRAIN_MS)
        signalGroup(pid, 'SIGKILL')
        running.delete(pid)
        await endStrays()
        await closed(child)
        return { exitCode, signal, durationMs }
      }
      const kill = (signal: NodeJS.Signals): void => {
        urged = true
        // Once ended, the number may be another group's.
        if (running.has(pid)) signalGroup(pid, signal)
      }
      return {
        ended: end(),
        kill,
        write: (text) => void (child.stdin?.writable === true && child.stdin.write(text)),
        closeInput: () => void child.stdin?.end(),
      }
    },
    killAll: () => {
      for (const pid of running) signalGroup(pid, 'SIGKILL')
    },
  }
}

/** @throws TerminalError TOOLS_UNAVAILABLE when the program cannot be started */
async function startChild(command: ExecutorCommand): Promise<{ child: ChildProcess; pid: number }> {
  const [program = '', ...args] = command.argv
  try {
    const child = spawn(program, args, {
      cwd: command.cwd,
      env: { ...command.environment },
      detached: true,
      shell: false,
      stdio: [hasInput(command) ? 'pipe' : 'ignore', 'pipe', 'pipe'],
    })
    // Read from the first moment on: what a short-lived program prints must not be lost.
    readLines(child, command)
    await once(child, 'spawn')
    if (child.pid === undefined) throw new Error('it has no process id')
    feed(child, command)
    return { child, pid: child.pid }
  } catch (cause) {
    throw new TerminalError('TOOLS_UNAVAILABLE', `cannot start ${program}: ${describeError(cause)}`, {
      cause,
    })
  }
}

function readLines(child: ChildProcess, { onOutput, isConversation }: ExecutorCommand): void {
  const maxBytes = isConversation === true ? MESSAGE_MAX_BYTES : LINE_MAX_BYTES
  for (const stream of ['stdout', 'stderr'] as const) {
    const lines = createLineSplitter({
      maxBytes,
      onLine: (line, cutBytes) => onOutput(stream, line, cutBytes),
    })
    child[stream]?.on('data', (chunk: Buffer) => lines.push(chunk))
    child[stream]?.on('close', () => lines.end())
    child[stream]?.on('error', () => undefined)
  }
}

function hasInput({ input, isConversation }: ExecutorCommand): boolean {
  return input !== undefined || isConversation === true
}

function feed(child: ChildProcess, { input = '', isConversation }: ExecutorCommand): void {
  // A program that does not read its input closes it: not our fault, and not its.
  child.stdin?.on('error', () => undefined)
  child.stdin?.write(input)
  if (isConversation !== true) child.stdin?.end()
}

interface Exit {
  readonly exitCode: number | null
  readonly signal: string | null
}

async function exited(child: ChildProcess): Promise<Exit> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  return { exitCode: child.exitCode, signal: child.signalCode }
}

function outputsOf(child: ChildProcess): readonly Readable[] {
  return [child.stdout, child.stderr].filter((stream) => stream !== null)
}

/** Waits until the output is read to its end, or the time is over. */
async function drained(child: ChildProcess, patienceMs: number): Promise<void> {
  const signal = AbortSignal.timeout(patienceMs)
  const open = outputsOf(child).filter((stream) => !stream.closed)
  await Promise.allSettled(open.map(async (stream) => once(stream, 'close', { signal })))
}

/** Now that whoever held the output is gone, what is left of it is read; whoever still holds it is not waited for. */
async function closed(child: ChildProcess): Promise<void> {
  await drained(child, DRAIN_URGED_MS)
  for (const stream of outputsOf(child)) {
    stream.destroy()
    if (!stream.closed) await once(stream, 'close')
  }
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && (error.code === 'ESRCH' || error.code === 'EPERM'))) throw error
  }
}
