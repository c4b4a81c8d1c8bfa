/** A runner started exactly as a launcher starts it, and what a test may ask of it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { HeldFile, ResultRecord, RunnerLine } from '@orchestrator/shared/contracts'

export interface Runner {
  readonly child: ChildProcess
  readonly pid: number
  readonly held: HeldFile
  go(): Promise<void>
  stop(): Promise<void>
  exitCode(): Promise<number | string | null>
  lines(): Promise<readonly RunnerLine[]>
  rawLines(): Promise<string>
  errors(): Promise<string>
  /** Waits until the scripted agent has said so. */
  said(text: string): Promise<void>
  result(): Promise<ResultRecord>
}

export interface SpawnPlace {
  /** The program `main.ts` of the runner. */
  readonly runnerMain: string
  readonly folder: string
  readonly attemptDirectory: string
  readonly environment: Readonly<Record<string, string>>
}

/** Resolves once the runner is held. */
export async function spawnRunner({ runnerMain, folder, attemptDirectory, environment }: SpawnPlace): Promise<Runner> {
  const id = randomUUID()
  const linesFile = join(folder, 'lines', `${id}.ndjson`)
  const errorsFile = join(folder, 'errors', `${id}.txt`)
  const [out, err] = [openSync(linesFile, 'a'), openSync(errorsFile, 'a')]
  const child = spawn(process.execPath, [runnerMain, folder, id], {
    cwd: folder,
    detached: true,
    stdio: ['ignore', out, err],
    env: { ...environment },
  })
  const ended = once(child, 'exit')
  for (const descriptor of [out, err]) closeSync(descriptor)
  const held = await waitForHeld(join(folder, 'held', `${id}.json`), child)
  const rawLines = async (): Promise<string> => readFile(linesFile, 'utf8')
  const lines = async (): Promise<RunnerLine[]> => parseLines(await rawLines())
  return {
    child,
    pid: held.pid,
    held,
    go: async () => placeWhole(join(folder, 'go.json'), { v: 1, workloadUid: held.workloadUid }),
    stop: async () => placeWhole(join(folder, 'stop.json'), { v: 1, requestedBy: 'alice' }),
    exitCode: async () => {
      await ended
      return child.exitCode ?? child.signalCode
    },
    lines,
    rawLines,
    errors: async () => readFile(errorsFile, 'utf8'),
    said: async (text) => untilSaid(lines, text),
    result: async () => {
      await ended
      return ResultRecord.parse(JSON.parse(await readFile(join(attemptDirectory, 'result.json'), 'utf8')))
    },
  }
}

async function placeWhole(path: string, content: object): Promise<void> {
  await writeFile(`${path}.part`, JSON.stringify(content))
  await rename(`${path}.part`, path)
}

function parseLines(text: string): RunnerLine[] {
  const whole = text.slice(0, text.lastIndexOf('\n') + 1)
  return whole
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => RunnerLine.parse(JSON.parse(line)))
}

const WAIT_MS = 20_000
const LOOK_MS = 15

async function waitForHeld(path: string, child: ChildProcess): Promise<HeldFile> {
  for (const deadline = performance.now() + WAIT_MS; performance.now() < deadline && child.exitCode === null;) {
    const text = await readFile(path, 'utf8').catch(() => undefined)
    if (text !== undefined) return HeldFile.parse(JSON.parse(text))
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  }
  throw new Error('the runner is not held')
}

async function untilSaid(lines: () => Promise<readonly RunnerLine[]>, text: string): Promise<void> {
  for (const deadline = performance.now() + WAIT_MS; performance.now() < deadline;) {
    if ((await lines()).some((line) => line.kind === 'text' && line.text === text)) return
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  }
  throw new Error(`the agent did not say "${text}"`)
}
