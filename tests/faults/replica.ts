import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { open, readFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'

export interface ReplicaOptions {
  readonly name: string
  /** Program and arguments of Node. */
  readonly argv: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  readonly logFile: string
}

/** One process that is started again whenever it ends, as a cluster does it. */
export interface Replica extends AsyncDisposable {
  readonly name: string
  readonly running: boolean
  /** Last words of each end that was not our doing. */
  readonly ownEnds: readonly string[]
  /** SIGKILL, then a pause. @returns false when it did not run */
  kill(pauseMs: number): Promise<boolean>
  /** SIGSTOP. @returns what lets it go on */
  freeze(): () => void
}

const RESTART_MS = 250
const DRAIN_MS = 10_000

export async function startReplica(options: ReplicaOptions): Promise<Replica> {
  const { name } = options
  const ownEnds: string[] = []
  const over = new AbortController()
  let child: ChildProcess | undefined
  let pauseMs = 0
  let resumed = Promise.withResolvers<void>()
  let killed = false

  const keepUp = async (): Promise<void> => {
    while (!over.signal.aborted) {
      killed = false
      const started = await startOnce(options)
      child = started
      resumed.resolve()
      if (over.signal.aborted) started.kill('SIGTERM')
      if (started.exitCode === null && started.signalCode === null) await once(started, 'exit')
      child = undefined
      if (over.signal.aborted) return
      if (!killed) ownEnds.push(`${name}: ${await lastWords(options.logFile)}`)
      await delay(killed ? pauseMs : RESTART_MS, undefined, { signal: over.signal }).catch(() => undefined)
    }
  }
  const life = keepUp()
  await resumed.promise

  return {
    name,
    get running() {
      return child !== undefined
    },
    ownEnds,
    kill: async (pause) => {
      if (child === undefined || killed) return false
      killed = true
      pauseMs = pause
      resumed = Promise.withResolvers<void>()
      child.kill('SIGKILL')
      await resumed.promise
      return true
    },
    freeze: () => {
      child?.kill('SIGSTOP')
      return () => void child?.kill('SIGCONT')
    },
    [Symbol.asyncDispose]: async () => {
      over.abort()
      resumed.resolve()
      const last = child
      last?.kill('SIGTERM')
      last?.kill('SIGCONT')
      const force = setTimeout(() => last?.kill('SIGKILL'), DRAIN_MS)
      await life
      clearTimeout(force)
    },
  }
}

async function startOnce({ argv, environment, logFile }: ReplicaOptions): Promise<ChildProcess> {
  await using log = await open(logFile, 'a')
  return spawn(process.execPath, [...argv], { env: { ...environment }, stdio: ['ignore', log.fd, log.fd] })
}

async function lastWords(logFile: string): Promise<string> {
  const lines = (await readFile(logFile, 'utf8')).trimEnd().split('\n')
  const isTold = (line: string): boolean => !line.startsWith('{') && !/^(\s+at |Node\.js v|$)/.test(line)
  return (lines.findLast(isTold) ?? lines.at(-1) ?? '').slice(0, 500)
}
