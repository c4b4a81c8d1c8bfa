/** Attempts that run, as a launcher leaves them: what a watcher finds on its machine and in the ledger. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type AttemptStarted, attemptSubject, GO_FILE, logSubject } from '@orchestrator/shared/contracts'
import type { Broker } from '@orchestrator/shared/nats'
import { createProcessTable, formatWorkloadUid } from '@orchestrator/shared/process'
import { startedEvent } from '@orchestrator/testing'
import { prepareLaunchFolder } from '../measure/launch-folder.ts'
import { submissionOf } from '../measure/submissions.ts'
import type { Log } from './orders.ts'

const SPAWN = 'runner'

export interface RunningAttempt extends AsyncDisposable {
  readonly log: Log
  /** Tells the ledger, and thereby the watcher, that it has started. */
  readonly announce: () => Promise<void>
}

export interface Place {
  readonly broker: Broker
  readonly state: string
}

export async function runAttempt({ broker, state }: Place, i: number): Promise<RunningAttempt> {
  const submission = submissionOf(state, i)
  const { attempt } = submission.data
  const { folder, submittedId } = await prepareLaunchFolder(state, submission)
  const child = spawn('sleep', ['600'], { stdio: 'ignore' })
  await once(child, 'spawn')
  const identity = createProcessTable().identify(child.pid ?? 0)
  if (identity === undefined) throw new Error('the process is gone')
  const workloadUid = formatWorkloadUid(identity)
  const held = { v: 1, submittedId, workloadUid, spawn: SPAWN, ...identity }
  const linesFile = join(folder, 'lines', `${SPAWN}.ndjson`)
  await writeFile(join(folder, 'held', `${SPAWN}.json`), JSON.stringify(held))
  await writeFile(join(folder, GO_FILE), JSON.stringify({ v: 1, workloadUid }))
  await writeFile(linesFile, '')
  const location = (await readFile(join(state, 'machine-id'), 'utf8')).trim()
  const event = startedEvent(attempt)
  const started: AttemptStarted = { ...event, data: { ...event.data, submittedId, location, workloadUid } }
  return {
    log: { linesFile, subject: logSubject(attempt) },
    announce: async () => void (await broker.js.publish(attemptSubject(attempt), JSON.stringify(started))),
    [Symbol.asyncDispose]: async () => {
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    },
  }
}
