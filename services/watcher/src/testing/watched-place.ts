/** A machine's state directory with launch folders and real processes, as launcher and runner leave them. */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { appendFile, mkdir, mkdtempDisposable, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type AttemptFile, attemptName, type ResultRecord } from '@orchestrator/shared/contracts'
import { createProcessTable, formatWorkloadUid, readMachineId } from '@orchestrator/shared/process'
import { folderOf, type StartedAttempt } from '../started-attempt.ts'
import { readArchived } from './archived.ts'
import { attemptSpec, refOf, resultRecord, startedAttempt } from './attempts.ts'

export interface FakeRunner {
  readonly attempt: StartedAttempt
  readonly folder: string
  readonly linesFile: string
  readonly write: (text: string | Buffer) => Promise<void>
  readonly writeResult: (change?: Partial<ResultRecord>) => Promise<void>
  /** SIGKILL; returns when the process is gone. */
  readonly kill: () => Promise<void>
}

export interface RunnerOrder {
  readonly n?: number
  /** No `go` was ever written. */
  readonly held?: boolean
  readonly change?: Partial<StartedAttempt>
}

export interface WatchedPlace extends AsyncDisposable {
  readonly stateDirectory: string
  readonly location: string
  launch(order?: RunnerOrder): Promise<FakeRunner>
  /** Its log is in the archive. */
  isArchived(attempt: StartedAttempt): Promise<boolean>
}

const table = createProcessTable()

export async function createWatchedPlace(): Promise<WatchedPlace> {
  const directory = await mkdtempDisposable(join(tmpdir(), 'orchestrator-watcher-'))
  const location = await readMachineId(directory.path)
  const children: ChildProcess[] = []
  return {
    stateDirectory: directory.path,
    location,
    isArchived: async (attempt) => (await readArchived(join(directory.path, 'archive'), attempt)) !== undefined,
    launch: async (order = {}) => {
      const child = spawn('sleep', ['600'], { detached: true, stdio: 'ignore' })
      children.push(child)
      await once(child, 'spawn')
      return await prepare({ stateDirectory: directory.path, location, child, order })
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(children.map(killProcess))
      await directory[Symbol.asyncDispose]()
    },
  }
}

interface Preparation {
  readonly stateDirectory: string
  readonly location: string
  readonly child: ChildProcess
  readonly order: RunnerOrder
}

async function prepare({ stateDirectory, location, child, order }: Preparation): Promise<FakeRunner> {
  const identity = table.identify(child.pid ?? 0)
  if (identity === undefined) throw new Error('the process is gone')
  const ref = refOf(order.n ?? 1)
  const attempt = startedAttempt({
    ref,
    name: attemptName(ref, 'claude-agent-1'),
    submittedId: randomUUID(),
    location,
    workloadUid: formatWorkloadUid(identity),
    ...order.change,
  })
  const folder = join(stateDirectory, 'launches', attempt.name)
  const workspaceDirectory = join(stateDirectory, 'workspaces', 'workspace-trader')
  const spawnId = randomUUID()
  const linesFile = join(folder, 'lines', `${spawnId}.ndjson`)
  const results = join(workspaceDirectory, folderOf(attempt))
  for (const part of ['files', 'held', 'lines', 'errors']) await mkdir(join(folder, part), { recursive: true })
  await mkdir(results, { recursive: true })
  const { submittedId, workloadUid } = attempt
  await writeFile(join(folder, 'attempt.json'), JSON.stringify(toOrder(attempt, workspaceDirectory)))
  await writeFile(
    join(folder, 'held', `${spawnId}.json`),
    JSON.stringify({ v: 1, submittedId, workloadUid, spawn: spawnId, ...identity }),
  )
  await writeFile(linesFile, '')
  if (order.held !== true) await writeFile(join(folder, 'go.json'), JSON.stringify({ v: 1, workloadUid }))
  return {
    attempt,
    folder,
    linesFile,
    write: async (text) => await appendFile(linesFile, text),
    writeResult: async (change = {}) => {
      const record = resultRecord({ submittedId, name: attempt.name, ...change })
      await writeFile(join(results, 'result.json'), JSON.stringify(record))
    },
    kill: async () => await killProcess(child),
  }
}

function toOrder({ ref, submittedId, generation }: StartedAttempt, workspaceDirectory: string): AttemptFile {
  return {
    v: 1,
    submittedId,
    spec: attemptSpec(ref),
    epoch: { generation, sequence: 1 },
    workspaceDirectory,
    agent: { adapter: 'command', command: ['true'], environment: {} },
    files: [],
    promptFile: 'prompt.md',
    earlier: [],
    credentials: { gitEnvironment: {}, secretFiles: [] },
    stopGraceMs: 1000,
    holdLimitMs: 1000,
  }
}

async function killProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}
