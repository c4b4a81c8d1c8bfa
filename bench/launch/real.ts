/** Launches by the launcher: the ledger has the submissions, it does the rest. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { HeldFile, taskSubject } from '@orchestrator/shared/contracts'
import { type Broker, createLedger, type Ledger } from '@orchestrator/shared/nats'
import { createProcessTable } from '@orchestrator/shared/process'
import { submissionOf } from '../measure/submissions.ts'

export interface Launches extends AsyncDisposable {
  /** Submits `count` attempts and waits until all have started. @returns their names */
  readonly launch: (count: number) => Promise<readonly string[]>
  /** Waits until their runners have ended. */
  readonly ended: (names: readonly string[]) => Promise<void>
}

export async function createLaunches(broker: Broker, state: string): Promise<Launches> {
  const ledger = await createLedger(broker)
  const started = new Set<string>()
  const stop = new AbortController()
  const following = followStarts({ ledger, started, signal: stop.signal })
  let next = 0
  return {
    launch: async (count) => {
      const first = next
      next += count
      const names = await Promise.all(Array.from({ length: count }, (_, i) => submit(broker, state, first + i)))
      while (!names.every((name) => started.has(name))) await delay(2)
      return names
    },
    ended: async (names) => {
      const table = createProcessTable()
      for (const held of await Promise.all(names.map((name) => readHeld(join(state, 'launches', name, 'held'))))) {
        while (held.some((runner) => table.isAlive(runner))) await delay(5)
      }
    },
    [Symbol.asyncDispose]: async () => {
      stop.abort()
      await following
    },
  }
}

async function submit(broker: Broker, state: string, i: number): Promise<string> {
  const event = submissionOf(state, i)
  await broker.js.publish(taskSubject(event.data.attempt), JSON.stringify(event))
  return event.data.attempt.name
}

interface Following {
  readonly ledger: Ledger
  readonly started: Set<string>
  readonly signal: AbortSignal
}

async function followStarts({ ledger, started, signal }: Following): Promise<void> {
  for await (const { event } of ledger.follow({ subjects: ['attempt.*.*.*.*'], signal })) {
    if (event.type === 'attempt.started') started.add(event.data.name)
    if (event.type === 'attempt.finished') throw new Error(`${event.data.name} did not start: ${event.data.message}`)
  }
}

async function readHeld(folder: string): Promise<readonly HeldFile[]> {
  const files = await readdir(folder)
  return await Promise.all(
    files.map(async (file) => HeldFile.parse(JSON.parse(await readFile(join(folder, file), 'utf8')))),
  )
}
