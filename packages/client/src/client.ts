import { type Clock, systemClock } from '@orchestrator/shared/core'
import createFetchClient, { type Client as FetchClient } from 'openapi-fetch'
import { type Connection, type ConnectionOptions, createConnection } from './connection.ts'
import { type EventItem, type EventsOptions, followEvents } from './events.ts'
import { type LogLine, OPERATIONS, type paths } from './generated/api.ts'
import { type LogsOptions, readLog } from './logs.ts'
import type { Operations } from './operations.ts'

export interface ClientOptions extends ConnectionOptions {
  /** For tests: what waits between two tries. */
  readonly clock?: Clock
}

/**
 * The HTTP API: a method for each operation of the OpenAPI document, by its id.
 *
 * All reject with ServerError for what the server refuses, TerminalError SERVER_UNREACHABLE when nobody or something else
 * answers, and the reason of the signal that has aborted.
 */
export interface Client extends Operations {
  readonly url: string
  /**
   * Events of the ledger as they happen, without an end. A connection that breaks is made again where it broke; what
   * cannot be told any more is a `gap`.
   */
  events(options?: EventsOptions): AsyncIterable<EventItem>
  /**
   * The log of an attempt, running or long ended: lines, gaps, and `end` where it is complete. With `follow` it goes on
   * until then, over connections that break.
   */
  logs(attempt: string, options?: LogsOptions): AsyncIterable<LogLine>
  /** The same by paths, with status and headers: for what `ETag` is needed for. */
  readonly http: FetchClient<paths>
}

export function createClient({ clock = systemClock, ...options }: ClientOptions): Client {
  const connection = createConnection(options)
  const http = createFetchClient<paths>({
    baseUrl: options.url,
    fetch: connection.send,
    redirect: 'error',
    headers: { accept: 'application/json' },
  })
  const context = { http, clock, ...(options.signal === undefined ? {} : { signal: options.signal }) }
  return {
    ...createOperations(http, connection),
    url: options.url,
    http,
    events: (given = {}) => followEvents(context, given),
    logs: (attempt, given = {}) => readLog(context, attempt, given),
  }
}

interface Called {
  readonly signal?: AbortSignal
  readonly body?: unknown
  readonly [place: string]: unknown
}

type Request = (method: string, path: string, init: unknown) => Promise<{ data?: unknown; error?: unknown }>

function createOperations(http: FetchClient<paths>, { unreachable }: Connection): Operations {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Typed by path; here the path is a value.
  const request = http.request as unknown as Request
  const toCall =
    ({ method, path }: (typeof OPERATIONS)[keyof typeof OPERATIONS]) =>
    async ({ signal, body, ...params }: Called = {}): Promise<unknown> => {
      const given = { params, ...(body === undefined ? {} : { body }), ...(signal === undefined ? {} : { signal }) }
      const { data, error } = await request(method, path, given).catch((cause: unknown) => {
        throw cause instanceof SyntaxError || cause instanceof TypeError
          ? unreachable('answered something that cannot be read', cause)
          : cause
      })
      return data ?? error
    }
  const calls = Object.fromEntries(Object.entries(OPERATIONS).map(([id, operation]) => [id, toCall(operation)]))
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Both are made from the same document.
  return calls as unknown as Operations
}
