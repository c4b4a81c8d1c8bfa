import {
  AttemptPage,
  AttemptView,
  DeadLetterDetail,
  DeadLetterPage,
  IDEMPOTENCY_HEADER,
  Problem,
  ReleaseAnswer,
  ReplayAnswer,
  type Settings,
  StopAnswer,
  SubmitAnswer,
  TaskPage,
  WorkspaceList,
  WorkspaceView,
} from '@orchestrator/shared/contracts'
import { type Clock, systemClock } from '@orchestrator/shared/core'
import { createLogger } from '@orchestrator/shared/service'
import { expect, vi } from 'vitest'
import type { z } from 'zod'
import { createSubmitterApp, type SubmitterApp } from '../app.ts'
import { SubmitterEnvironment } from '../config.ts'
import { AGENT, PLATFORM, REPOSITORY, sampleSettings } from './samples.ts'

export interface SubmitterFixture extends AsyncDisposable {
  readonly app: SubmitterApp
  readonly url: string
  /** Waits until it takes submits. */
  ready(): Promise<void>
  /** A submit with all that a first one needs. */
  submit(body: Record<string, unknown>, key?: string): Promise<SubmitAnswer>
  retry(path: string, body: Record<string, unknown>): Promise<SubmitAnswer>
  stop(name: string, body?: Record<string, unknown>): Promise<StopAnswer>
  release(service: string, body: Record<string, unknown>): Promise<ReleaseAnswer>
  workspace(service: string): Promise<WorkspaceView>
  deadLetters(query?: string): Promise<DeadLetterPage>
  deadLetter(sequence: number): Promise<DeadLetterDetail>
  replay(sequence: number): Promise<ReplayAnswer>
  workspaces(query?: string): Promise<WorkspaceList>
  attempt(name: string, after?: number): Promise<AttemptView>
  attempts(query?: string): Promise<AttemptPage>
  tasks(query?: string): Promise<TaskPage>
  /** A request that must be refused. */
  refused(path: string, init?: RequestInit): Promise<Problem>
  send(path: string, init?: RequestInit): Promise<Response>
}

export interface SubmitterFixtureOptions {
  readonly brokerUrl: string
  /** Copies that the broker keeps; 1 when left out. */
  readonly replicas?: 1 | 3
  /** In memory when left out. */
  readonly viewFile?: string
  readonly settings?: Settings
  readonly ledgerMaxBytes?: number
  readonly archiveDirectory?: string
  readonly clock?: Clock
  readonly requireTokens?: boolean
  readonly adminTokenFile?: string
  readonly maxConnections?: number
  readonly requestsPerSecond?: number
  /** Any free one when left out. */
  readonly port?: number
}

export const FIRST = { agent: AGENT, repositoryUrl: REPOSITORY, platformRepositoryUrl: PLATFORM }

export function post(body: unknown, headers: Record<string, string> = {}): RequestInit {
  return { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json', ...headers } }
}

/** A whole submitter, listening, and its API as a client sees it: every answer passes its contract. */
export async function startSubmitter(options: SubmitterFixtureOptions): Promise<SubmitterFixture> {
  const config = SubmitterEnvironment.parse({
    NATS_URL: options.brokerUrl,
    NATS_REPLICAS: options.replicas ?? 1,
    PORT: options.port ?? 0,
    VIEW_FILE: options.viewFile ?? ':memory:',
    ...(options.requireTokens === undefined ? {} : { REQUIRE_TOKENS: String(options.requireTokens) }),
    ...(options.maxConnections === undefined ? {} : { MAX_CONNECTIONS: options.maxConnections }),
    ...(options.requestsPerSecond === undefined ? {} : { TOKEN_REQUESTS_PER_SECOND: options.requestsPerSecond }),
    ...(options.adminTokenFile === undefined ? {} : { ADMIN_TOKEN_FILE: options.adminTokenFile }),
    ...(options.archiveDirectory === undefined ? {} : { ARCHIVE_DIR: options.archiveDirectory }),
    ...(options.ledgerMaxBytes === undefined ? {} : { LEDGER_MAX_BYTES: options.ledgerMaxBytes }),
  })
  const logger = createLogger({ name: 'submitter', level: 'silent' })
  const settings = options.settings ?? sampleSettings()
  const app = await createSubmitterApp({ config, settings, logger, clock: options.clock ?? systemClock })
  const send = async (path: string, init?: RequestInit): Promise<Response> => await fetch(new URL(path, app.url), init)
  const call = async <S extends z.ZodType>(schema: S, path: string, init?: RequestInit): Promise<z.output<S>> => {
    const response = await send(path, init)
    const text = await response.text()
    if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`)
    return schema.parse(JSON.parse(text))
  }
  return {
    app,
    url: app.url,
    ready: async () => {
      await vi.waitFor(async () => expect((await send('/readyz')).status).toBe(200), { timeout: 15_000, interval: 20 })
    },
    submit: (body, key) =>
      call(
        SubmitAnswer,
        '/v1/tasks',
        post({ ...FIRST, ...body }, key === undefined ? {} : { [IDEMPOTENCY_HEADER]: key }),
      ),
    retry: (path, body) => call(SubmitAnswer, `/v1/tasks/${path}`, post(body)),
    stop: (name, body = {}) => call(StopAnswer, `/v1/attempts/${name}/stop`, post(body)),
    release: (service, body) => call(ReleaseAnswer, `/v1/workspaces/${service}/release`, post(body)),
    deadLetters: (query = '') => call(DeadLetterPage, `/v1/deadletters?${query}`),
    deadLetter: (sequence) => call(DeadLetterDetail, `/v1/deadletters/${sequence}`),
    replay: (sequence) => call(ReplayAnswer, `/v1/deadletters/${sequence}/replay`, { method: 'POST' }),
    workspace: (service) => call(WorkspaceView, `/v1/workspaces/${service}`),
    workspaces: (query = '') => call(WorkspaceList, `/v1/workspaces?${query}`),
    attempt: (name, after) => call(AttemptView, `/v1/attempts/${name}${after === undefined ? '' : `?after=${after}`}`),
    attempts: (query = '') => call(AttemptPage, `/v1/attempts?${query}`),
    tasks: (query = '') => call(TaskPage, `/v1/tasks?${query}`),
    send,
    refused: async (path, init) => {
      const response = await send(path, init)
      expect(response.ok).toBe(false)
      expect(response.headers.get('content-type')).toBe('application/problem+json')
      const problem = Problem.parse(await response.json())
      expect(problem.status).toBe(response.status)
      return problem
    },
    [Symbol.asyncDispose]: () => app[Symbol.asyncDispose](),
  }
}
