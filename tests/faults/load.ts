/** Submits and stops under faults: a request is sent again, with its key, until it is answered. */
import { setTimeout as delay } from 'node:timers/promises'
import { AttemptPage, IDEMPOTENCY_HEADER, Problem, StopAnswer, SubmitAnswer } from '@orchestrator/shared/contracts'
import type { z } from 'zod'
import type { Acknowledged, AcknowledgedStop, Refused, ShownAttempt } from './history.ts'
import type { Submission } from './schedule.ts'

export interface Load {
  readonly acknowledged: readonly Acknowledged[]
  readonly stops: readonly AcknowledgedStop[]
  readonly refused: readonly Refused[]
  /** Requests that had to be sent again. */
  readonly resent: number
  /** All submissions at their time, and their stops; resolves once each is answered. */
  run(submissions: readonly Submission[], signal: AbortSignal): Promise<void>
  /** Sends a submission again: it must be answered with the attempt that it made. */
  resend(submission: Submission, replica: number, signal: AbortSignal): Promise<void>
  list(replica: number, signal: AbortSignal): Promise<readonly ShownAttempt[]>
}

const PATIENCE_MS = 4000
const AGAIN_MS = 150

export function createLoad(urls: readonly string[]): Load {
  const acknowledged: Acknowledged[] = []
  const stops: AcknowledgedStop[] = []
  const refused: Refused[] = []
  let resent = 0

  /** @returns undefined for a refusal */
  const ask = async <S extends z.ZodType>(
    request: Inquiry<S>,
    signal: AbortSignal,
  ): Promise<z.output<S> | undefined> => {
    for (let tries = 0; ; tries += 1) {
      signal.throwIfAborted()
      const url = urls[(request.replica + tries) % urls.length] ?? ''
      const answer = await send(new URL(request.path, url), request.init, signal)
      if (answer?.ok === true) return request.schema.parse(answer.body)
      if (answer !== undefined && answer.status < 500) {
        const detail = Problem.safeParse(answer.body).data?.detail ?? JSON.stringify(answer.body)
        refused.push({ what: `${request.init.method ?? 'GET'} ${request.path}`, status: answer.status, detail })
        return undefined
      }
      resent += 1
      await delay(AGAIN_MS, undefined, { signal })
    }
  }

  const submit = async (
    { service, taskId, key }: Submission,
    replica: number,
    signal: AbortSignal,
  ): Promise<string | undefined> => {
    const init = post({ service, taskId }, { [IDEMPOTENCY_HEADER]: key })
    const answer = await ask({ path: '/v1/tasks', init, schema: SubmitAnswer, replica }, signal)
    if (answer === undefined) return undefined
    const { attempt, n, sequence } = answer
    acknowledged.push({ key, attempt, n, sequence })
    return attempt
  }

  const stop = async (attempt: string, replica: number, signal: AbortSignal): Promise<void> => {
    const path = `/v1/attempts/${attempt}/stop`
    const answer = await ask({ path, init: post({}), schema: StopAnswer, replica }, signal)
    if (answer !== undefined) stops.push(answer)
  }

  const runOne = async (submission: Submission, signal: AbortSignal): Promise<void> => {
    const { atMs, replica, twice, stopAfterMs } = submission
    await delay(atMs, undefined, { signal })
    const [attempt] = await Promise.all([
      submit(submission, replica, signal),
      ...(twice ? [submit(submission, replica + 1, signal)] : []),
    ])
    if (attempt === undefined || stopAfterMs === undefined) return
    await delay(stopAfterMs, undefined, { signal })
    await stop(attempt, replica, signal)
  }

  return {
    acknowledged,
    stops,
    refused,
    get resent() {
      return resent
    },
    run: async (submissions, signal) => {
      await Promise.all(submissions.map(async (submission) => await runOne(submission, signal)))
    },
    resend: async (submission, replica, signal) => void (await submit(submission, replica, signal)),
    list: async (replica, signal) => {
      const page = await ask({ path: '/v1/attempts?limit=200', init: {}, schema: AttemptPage, replica }, signal)
      return (page?.attempts ?? []).map(({ name, phase }) => ({ attempt: name, phase }))
    },
  }
}

interface Inquiry<S extends z.ZodType> {
  readonly path: string
  readonly init: RequestInit
  readonly schema: S
  /** That is asked first; the next one at each further try. */
  readonly replica: number
}

interface Answer {
  readonly ok: boolean
  readonly status: number
  readonly body: unknown
}

/** @returns undefined when nobody has answered, or not in time */
async function send(url: URL, init: RequestInit, signal: AbortSignal): Promise<Answer | undefined> {
  try {
    const response = await fetch(url, { ...init, signal: AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]) })
    return { ok: response.ok, status: response.status, body: await response.json() }
  } catch {
    return undefined
  }
}

function post(body: unknown, headers: Readonly<Record<string, string>> = {}): RequestInit {
  return { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json', ...headers } }
}
