/** A server that speaks the HTTP API by hand, for tests of what the command line makes of its answers. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { DEFAULT_LIMITS, NO_USAGE } from '@orchestrator/shared/contracts'
import type { Attempt, SubmitAnswer } from '../generated/api.ts'

export interface ReceivedRequest {
  readonly method: string
  /** Path and query. */
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: unknown
}

export interface FakeAnswer {
  readonly status?: number
  readonly json?: unknown
  /** Sent as it is. */
  readonly text?: string
  /** Breaks the connection after `text`. */
  readonly breaks?: boolean
}

export type Respond = (request: ReceivedRequest, n: number) => FakeAnswer

export interface FakeServer extends AsyncDisposable {
  readonly url: string
  readonly requests: readonly ReceivedRequest[]
}

export async function startFakeServer(respond: Respond): Promise<FakeServer> {
  const requests: ReceivedRequest[] = []
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = '', url = '', headers } = request
    const body = await text(request)
    const received = { method, path: url, headers, body: body === '' ? undefined : JSON.parse(body) }
    requests.push(received)
    const isFollowed = headers.accept?.includes('text/event-stream') === true
    reply(response, respond(received, requests.length), isFollowed)
  }
  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy())
  })
  const listening = Promise.withResolvers<void>()
  server.once('error', listening.reject).listen(0, '127.0.0.1', listening.resolve)
  await listening.promise
  return {
    url: `http://127.0.0.1:${portOf(server)}`,
    requests,
    [Symbol.asyncDispose]: async () => {
      const closed = Promise.withResolvers<void>()
      server.close(() => closed.resolve())
      server.closeAllConnections()
      await closed.promise
    },
  }
}

function reply(response: ServerResponse, answer: FakeAnswer, isFollowed: boolean): void {
  const { status = 200, json, text: raw = '', breaks = false } = answer
  const lines = isFollowed ? 'text/event-stream' : 'application/x-ndjson'
  const type = isProblem(json) ? 'application/problem+json' : json === undefined ? lines : 'application/json'
  response.writeHead(status, { 'content-type': type })
  const sent = isFollowed ? toEvents(raw) : raw
  if (breaks) response.write(sent, () => response.destroy())
  else response.end(json === undefined ? sent : JSON.stringify(json))
}

function isProblem(json: unknown): boolean {
  return typeof json === 'object' && json !== null && 'code' in json
}

/** Lines of a log as a server sends them to those that follow. */
function toEvents(ndjson: string): string {
  const lines = ndjson.split('\n').filter((line) => line !== '')
  return lines
    .map((line) => `${idOf(line)}event: ${/"kind":"end"/.test(line) ? 'end' : 'line'}\ndata: ${line}\n\n`)
    .join('')
}

function idOf(line: string): string {
  const [, id] = /"(?:seq|last)":(\d+)/.exec(line) ?? []
  return id === undefined ? '' : `id: ${id}\n`
}

function portOf(server: Server): number {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

export function problem(status: number, detail: string, more: Readonly<Record<string, unknown>> = {}): FakeAnswer {
  return { status, json: { type: 'about:blank', title: 'Refused', status, detail, code: 'INPUT_INVALID', ...more } }
}

const REPOSITORY = { url: 'git@github.com:myorg/trader.git', branch: 'main', githubUser: 'claude-agent-1' }
const PLATFORM = { url: 'https://github.com/myorg/platform', branch: 'main', githubUser: 'myorg' }

export function submitAnswer(change: Partial<SubmitAnswer> = {}): SubmitAnswer {
  return {
    task: { service: 'trader', tag: 'master', taskId: '1' },
    attempt: 'trader-claude-agent-1-task1-attempt1',
    n: 1,
    agent: 'claude-agent-1',
    model: 'sonnet',
    repository: REPOSITORY,
    platform: PLATFORM,
    workingDirectory: 'trader',
    workingDirectoryKind: 'default',
    workspace: 'workspace-trader',
    workspaceIsNew: true,
    branch: 'feature/task-1-implementation',
    branchIsNew: true,
    guidance: null,
    promptMode: 'append',
    previous: null,
    limits: DEFAULT_LIMITS,
    sources: { agent: 'request', repositoryUrl: 'request', model: 'request', platformRepositoryUrl: 'service' },
    ahead: 0,
    repeated: false,
    warnings: [],
    next: [
      'Make workspace-trader.',
      'Read the documents.',
      'Follow it: GET /v1/attempts/trader-claude-agent-1-task1-attempt1',
    ],
    sequence: 7,
    ...change,
  }
}

export function attemptView(change: Partial<Attempt> = {}): Attempt {
  return {
    name: 'trader-claude-agent-1-task1-attempt1',
    service: 'trader',
    tag: 'master',
    taskId: '1',
    n: 1,
    agent: 'claude-agent-1',
    model: 'sonnet',
    phase: 'Running',
    reason: null,
    message: null,
    step: 'implementing',
    ahead: null,
    usage: { ...NO_USAGE, toolCalls: 12, turns: 3, inputTokens: 20_000, outputTokens: 3_000, costUsd: 0.42 },
    lastText: 'Now the tests.\nThey should pass.',
    lastActions: ['Edit src/client.rs', 'Bash cargo test'],
    repository: REPOSITORY,
    platform: PLATFORM,
    workingDirectory: 'trader',
    workspace: 'workspace-trader',
    branch: 'feature/task-1-implementation',
    guidance: null,
    promptMode: 'append',
    limits: DEFAULT_LIMITS,
    sources: {},
    previous: null,
    requestedBy: { door: 'cli', caller: 'local' },
    submittedAt: '2026-11-24T10:00:00.000Z',
    startedAt: '2026-11-24T10:00:30.000Z',
    finishedAt: null,
    stopRequested: false,
    verified: null,
    result: null,
    latest: true,
    sequence: 7,
    lastSequence: 8,
    ...change,
  }
}

export function finishedView(change: Partial<Attempt> = {}): Attempt {
  return attemptView({
    phase: 'Succeeded',
    reason: 'GatesPassed',
    message: 'All gates passed.',
    step: null,
    finishedAt: '2026-11-24T10:15:30.000Z',
    verified: true,
    result: {
      branch: 'feature/task-1-implementation',
      pushedSha: 'a'.repeat(40),
      commits: 2,
      diffStat: { files: 3, insertions: 40, deletions: 5 },
      gates: [{ name: 'test', passed: true, exitCode: 0, durationMs: 1_200 }],
      flags: [],
      usage: NO_USAGE,
      durationMs: 900_000,
      brief: '',
      digest: 'd',
    },
    ...change,
  })
}
