import {
  AttemptPage,
  AttemptView,
  DeadLetterDetail,
  DeadLetterPage,
  DEFAULT_TAG,
  IDEMPOTENCY_HEADER,
  Problem,
  Readiness,
  RebuildAnswer,
  RebuildStatus,
  ReleaseAnswer,
  ReplayAnswer,
  StopAnswer,
  SubmitAnswer,
  TaskPage,
  TokenAnswer,
  TokenList,
  TokenView,
  WorkspaceList,
  WorkspaceView,
} from '@orchestrator/shared/contracts'
import { describeError, TerminalError } from '@orchestrator/shared/core'
import type { z } from 'zod'
import { ServerError } from './server-error.ts'

export interface ClientOptions {
  readonly url: string
  /** How the address was found, for messages. */
  readonly source: string
  readonly token: string | undefined
  /** How people came here: the ledger keeps it. */
  readonly door: 'cli' | 'mcp'
  /** How to start a server, for messages. */
  readonly startCommand: string
  readonly signal: AbortSignal
}

export interface TaskAddress {
  readonly service: string
  readonly taskId: string
  readonly tag: string
}

export type Filters = Readonly<Record<string, string | number | undefined>>

/**
 * The HTTP API, typed: every answer passes the contract's schema.
 * All throw ServerError for a problem document, TerminalError SERVER_UNREACHABLE when nobody or something else answers.
 */
export interface Client {
  readonly url: string
  /** The body is sent as it is: the server names every fault at once. */
  submit(body: unknown, idempotencyKey?: string): Promise<SubmitAnswer>
  retry(task: TaskAddress, body: unknown, idempotencyKey?: string): Promise<SubmitAnswer>
  stop(attempt: string, body: unknown): Promise<StopAnswer>
  /** `after`: not before the server has seen this sequence of the ledger. */
  attempt(name: string, after?: number): Promise<AttemptView>
  attempts(filters: Filters): Promise<AttemptPage>
  tasks(filters: Filters): Promise<TaskPage>
  workspace(service: string): Promise<WorkspaceView>
  workspaces(filters: Filters): Promise<WorkspaceList>
  /** A person's word that nothing of a workload runs any more. */
  release(service: string, body: unknown): Promise<ReleaseAnswer>
  rebuild(body: unknown): Promise<RebuildAnswer>
  rebuildStatus(of: RebuildAnswer): Promise<RebuildStatus>
  deadLetters(filters: Filters): Promise<DeadLetterPage>
  deadLetter(sequence: string | number): Promise<DeadLetterDetail>
  /** Asks to have the message of a letter handled again, at most once. */
  replay(sequence: string | number): Promise<ReplayAnswer>
  /** The only time that the token is shown. */
  createToken(body: unknown): Promise<TokenAnswer>
  tokens(): Promise<TokenList>
  revokeToken(name: string): Promise<TokenView>
  /** Lines of the log as the server sends them. */
  logs(attempt: string, options: LogsOptions): AsyncIterable<string>
  readiness(): Promise<Readiness>
}

export interface LogsOptions {
  readonly fromLine: number
  readonly follow: boolean
}

interface Request {
  readonly method?: 'GET' | 'POST'
  readonly path: string
  readonly query?: Filters
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

export function createClient({ url, source, token, door, startCommand, signal }: ClientOptions): Client {
  const unreachable = (why: string, cause?: unknown): TerminalError => {
    const remedy = `is it running? Start it with "${startCommand}", or correct the address`
    return new TerminalError('SERVER_UNREACHABLE', `the server at ${url} (from ${source}) ${why}: ${remedy}`, { cause })
  }

  const send = async ({ method = 'GET', path, query = {}, body, headers = {} }: Request): Promise<Response> => {
    const target = new URL(path.slice(1), url.endsWith('/') ? url : `${url}/`)
    for (const [name, value] of Object.entries(query))
      if (value !== undefined) target.searchParams.set(name, String(value))
    const sent = new Headers({ accept: 'application/json', 'x-orchestrator-door': door, ...headers })
    if (token !== undefined) sent.set('authorization', `Bearer ${token}`)
    if (body !== undefined) sent.set('content-type', 'application/json')
    try {
      const content = body === undefined ? {} : { body: JSON.stringify(body) }
      return await fetch(target, { method, headers: sent, signal, redirect: 'error', ...content })
    } catch (error) {
      signal.throwIfAborted()
      throw unreachable('does not answer', error)
    }
  }

  const refuse = async (response: Response): Promise<never> => {
    const problem = Problem.safeParse(parseJson(await response.text()))
    if (problem.success) throw new ServerError(problem.data)
    throw unreachable(`answered ${response.status} and is not ours`)
  }

  const call = async <T>(schema: z.ZodType<T>, request: Request): Promise<T> => {
    const response = await send(request)
    if (!response.ok) return await refuse(response)
    const parsed = schema.safeParse(parseJson(await response.text()))
    if (parsed.success) return parsed.data
    throw unreachable('answered something that this program does not understand', parsed.error)
  }

  const keyed = (key: string | undefined): Record<string, string> =>
    key === undefined ? {} : { [IDEMPOTENCY_HEADER]: key }

  return {
    url,
    submit: async (body, key) =>
      await call(SubmitAnswer, { method: 'POST', path: '/v1/tasks', body, headers: keyed(key) }),
    retry: async ({ service, taskId, tag }, body, key) =>
      await call(SubmitAnswer, {
        method: 'POST',
        path: `/v1/tasks/${encodeURIComponent(service)}/${encodeURIComponent(taskId)}/retry`,
        query: { tag: tag === DEFAULT_TAG ? undefined : tag },
        body,
        headers: keyed(key),
      }),
    stop: async (name, body) =>
      await call(StopAnswer, { method: 'POST', path: `/v1/attempts/${encodeURIComponent(name)}/stop`, body }),
    attempt: async (name, after) =>
      await call(AttemptView, { path: `/v1/attempts/${encodeURIComponent(name)}`, query: { after } }),
    attempts: async (query) => await call(AttemptPage, { path: '/v1/attempts', query }),
    tasks: async (query) => await call(TaskPage, { path: '/v1/tasks', query }),
    workspace: async (service) => await call(WorkspaceView, { path: `/v1/workspaces/${encodeURIComponent(service)}` }),
    workspaces: async (query) => await call(WorkspaceList, { path: '/v1/workspaces', query }),
    release: async (service, body) =>
      await call(ReleaseAnswer, {
        method: 'POST',
        path: `/v1/workspaces/${encodeURIComponent(service)}/release`,
        body,
      }),
    rebuild: async (body) => await call(RebuildAnswer, { method: 'POST', path: '/v1/rebuild', body }),
    rebuildStatus: async ({ views, documents }) =>
      await call(RebuildStatus, { path: '/v1/rebuild', query: { views, documents: documents ?? undefined } }),
    deadLetters: async (query) => await call(DeadLetterPage, { path: '/v1/deadletters', query }),
    deadLetter: async (sequence) =>
      await call(DeadLetterDetail, { path: `/v1/deadletters/${encodeURIComponent(sequence)}` }),
    replay: async (sequence) =>
      await call(ReplayAnswer, { method: 'POST', path: `/v1/deadletters/${encodeURIComponent(sequence)}/replay` }),
    createToken: async (body) => await call(TokenAnswer, { method: 'POST', path: '/v1/tokens', body }),
    tokens: async () => await call(TokenList, { path: '/v1/tokens' }),
    revokeToken: async (name) =>
      await call(TokenView, { method: 'POST', path: `/v1/tokens/${encodeURIComponent(name)}/revoke` }),
    logs: async function* (name, { fromLine, follow }) {
      const query = { fromLine, follow: follow ? 'true' : undefined }
      const path = `/v1/attempts/${encodeURIComponent(name)}/logs`
      const response = await send({ path, query, headers: { accept: 'application/x-ndjson' } })
      if (!response.ok) return await refuse(response)
      yield* linesOf(response)
    },
    readiness: async () => {
      const response = await send({ path: '/readyz' })
      const health = Readiness.safeParse(parseJson(await response.text()))
      if (health.success) return health.data
      throw unreachable(`answered ${response.status} and is not ours`)
    },
  }
}

async function* linesOf(response: Response): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of response.body ?? []) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    yield* lines.filter((line) => line !== '')
  }
  if (rest !== '') yield rest
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    return describeError(error)
  }
}
