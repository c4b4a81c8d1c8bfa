import {
  AttemptPage,
  AttemptView,
  isTerminal,
  Problem,
  RunnerLine,
  StopAnswer,
  SubmitAnswer,
  type SubmitInput,
} from '@orchestrator/shared/contracts'
import { expect } from 'vitest'
import { type z } from 'zod'

/** The HTTP API as a test speaks it: every answer passes its contract. */
export interface Api {
  submit(body: SubmitInput, headers?: Record<string, string>): Promise<SubmitAnswer>
  retry(task: { service: string; taskId: string; tag?: string }, body: Record<string, unknown>): Promise<SubmitAnswer>
  attempt(name: string): Promise<AttemptView>
  attempts(query: string): Promise<readonly AttemptView[]>
  stop(name: string): Promise<StopAnswer>
  /** Whole log of an ended attempt. */
  lines(name: string): Promise<readonly RunnerLine[]>
  /** Waits until the attempt has ended. */
  finished(name: string): Promise<AttemptView>
  /** Waits until the attempt satisfies the condition; fails if it ends before. */
  until(name: string, condition: (attempt: AttemptView) => boolean): Promise<AttemptView>
  /** A request that must be refused. */
  refused(method: string, path: string, body?: unknown): Promise<Problem>
}

const PATIENCE = { timeout: 60_000, interval: 50 }

export function createApi(url: string): Api {
  const call = async <S extends z.ZodType>(schema: S, path: string, init: RequestInit = {}): Promise<z.output<S>> => {
    const response = await fetch(new URL(path, url), init)
    const text = await response.text()
    if (!response.ok) throw new Error(`${init.method ?? 'GET'} ${path}: ${response.status} ${text}`)
    return schema.parse(JSON.parse(text))
  }
  const post = (body: unknown, headers: Record<string, string> = {}): RequestInit => {
    return { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json', ...headers } }
  }
  const attempt = (name: string): Promise<AttemptView> => call(AttemptView, `/v1/attempts/${name}`)
  const poll = async (name: string, done: (view: AttemptView) => boolean): Promise<AttemptView> => {
    let seen: AttemptView | undefined
    await expect
      .poll(async () => {
        seen = await attempt(name)
        return done(seen) || isTerminal(seen.phase)
      }, PATIENCE)
      .toBe(true)
    if (seen === undefined || !done(seen)) throw new Error(`${name} ended: ${JSON.stringify(seen, null, 2)}`)
    return seen
  }
  return {
    attempt,
    submit: (body, headers) => call(SubmitAnswer, '/v1/tasks', post(body, headers)),
    retry: ({ service, taskId, tag = 'master' }, body) =>
      call(SubmitAnswer, `/v1/tasks/${service}/${taskId}/retry?tag=${tag}`, post(body)),
    attempts: async (query) => (await call(AttemptPage, `/v1/attempts?${query}`)).attempts,
    stop: (name) => call(StopAnswer, `/v1/attempts/${name}/stop`, post({})),
    lines: async (name) => {
      const response = await fetch(new URL(`/v1/attempts/${name}/logs`, url))
      const texts = (await response.text()).split('\n').filter((line) => line !== '')
      return texts.flatMap((line) => RunnerLine.safeParse(JSON.parse(line)).data ?? [])
    },
    finished: (name) => poll(name, (view) => isTerminal(view.phase)),
    until: poll,
    refused: async (method, path, body) => {
      const init = body === undefined ? { method } : { ...post(body), method }
      const response = await fetch(new URL(path, url), init)
      expect(response.ok).toBe(false)
      expect(response.headers.get('content-type')).toContain('application/problem+json')
      return Problem.parse(await response.json())
    },
  }
}
