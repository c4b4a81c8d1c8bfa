/** Keeps what runners write: launch folders go once their log is closed. */
import { existsSync, globSync, linkSync, mkdirSync } from 'node:fs'
import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { HeldFile } from '@orchestrator/shared/contracts'
import type { LinesFile } from './history.ts'

export interface Recorder extends AsyncDisposable {
  /** Of every runner that was ever started. */
  files(): Promise<readonly LinesFile[]>
}

const LOOK_MS = 20
const LINES = '.ndjson'

/** Links each file as soon as it is there: the link holds what is written later, and stays. */
export function startRecorder(stateDirectory: string, folder: string): Recorder {
  const over = new AbortController()
  mkdirSync(folder, { recursive: true })
  const record = (): void => {
    for (const path of globSync('launches/*/{lines/*.ndjson,held/*.json}', { cwd: stateDirectory })) {
      const [, attempt = '', , name = ''] = path.split('/')
      keep(join(stateDirectory, path), join(folder, `${attempt} ${name}`))
    }
  }
  const recording = repeat(record, over.signal)
  return {
    files: async () => {
      const names = (await readdir(folder)).filter((name) => name.endsWith(LINES))
      return await Promise.all(names.map(async (name) => await readLinesFile(folder, name)))
    },
    [Symbol.asyncDispose]: async () => {
      over.abort()
      await recording
    },
  }
}

async function repeat(work: () => void, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    work()
    await delay(LOOK_MS, undefined, { signal }).catch(() => undefined)
  }
}

function keep(from: string, to: string): void {
  if (existsSync(to)) return
  try {
    linkSync(from, to)
  } catch {
    // Gone just now.
  }
}

async function readLinesFile(folder: string, name: string): Promise<LinesFile> {
  const [attempt = '', spawn = ''] = name.slice(0, -LINES.length).split(' ')
  const held = await readFile(join(folder, `${attempt} ${spawn}.json`), 'utf8').catch(() => undefined)
  return {
    attempt,
    workloadUid: held === undefined ? undefined : HeldFile.parse(JSON.parse(held)).workloadUid,
    text: await readFile(join(folder, name), 'utf8'),
  }
}
