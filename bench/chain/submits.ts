/** Submits at a fixed rate, however slow the answers are. */
import { randomUUID } from 'node:crypto'
import { Agent, type IncomingMessage, request } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { IDEMPOTENCY_HEADER, SubmitAnswer, type SubmitInput } from '@orchestrator/shared/contracts'
import { textOf } from './text-of.ts'

export interface Acknowledged {
  readonly attempt: string
  readonly atMs: number
  /** From the moment that it was due until the acknowledgement. */
  readonly waitedMs: number
}

export interface SubmitsOptions {
  readonly port: number
  readonly perSecond: number
  readonly count: number
  readonly taskOf: (i: number) => SubmitInput
}

export async function submitAll({ port, perSecond, count, taskOf }: SubmitsOptions): Promise<readonly Acknowledged[]> {
  const agent = new Agent({ keepAlive: true })
  const running: Promise<Acknowledged>[] = []
  const startedMs = performance.now()
  for (let i = 0; i < count; i += 1) {
    const dueMs = startedMs + (i * 1000) / perSecond
    const waitMs = dueMs - performance.now()
    if (waitMs > 0.5) await delay(waitMs)
    running.push(submit({ agent, port, dueMs, body: JSON.stringify(taskOf(i)) }))
  }
  try {
    return await Promise.all(running)
  } finally {
    agent.destroy()
  }
}

interface One {
  readonly agent: Agent
  readonly port: number
  readonly dueMs: number
  readonly body: string
}

async function submit({ agent, port, dueMs, body }: One): Promise<Acknowledged> {
  const { promise, resolve, reject } = Promise.withResolvers<Acknowledged>()
  const headers = { 'content-type': 'application/json', [IDEMPOTENCY_HEADER]: randomUUID() }
  const read = async (response: IncomingMessage): Promise<Acknowledged> => {
    const atMs = performance.now()
    const answer = await textOf(response)
    if (response.statusCode !== 202) throw new Error(`${response.statusCode}: ${answer}`)
    return { attempt: SubmitAnswer.parse(JSON.parse(answer)).attempt, atMs, waitedMs: atMs - dueMs }
  }
  request({ agent, host: '127.0.0.1', port, method: 'POST', path: '/v1/tasks', headers }, (response) => {
    resolve(read(response))
  })
    .once('error', reject)
    .end(body)
  return await promise
}
