import type { Problem } from '@orchestrator/shared/contracts'
/** From errors to `application/problem+json`. Pure. */
import { type ErrorCode, OrchestratorError, printableLine, RetryableError, hideTokens } from '@orchestrator/shared/core'
import { type Fault, InvalidInput } from '../submit/faults.ts'

/** A request that HTTP itself refuses, before it means anything. */
export class HttpRefusal extends Error {
  readonly status: number
  readonly code: string
  /** Where single fields can be named. */
  readonly faults: readonly Fault[] = []

  constructor(status: number, code: string, message: string) {
    super(message)
    this.status = status
    this.code = code
  }
}

/** A body with more than a request may have. */
export class BodyTooLarge extends HttpRefusal {
  override readonly faults: readonly Fault[]

  constructor(message: string, faults: readonly Fault[] = []) {
    super(413, 'BODY_TOO_LARGE', message)
    this.faults = faults
  }
}

export interface ProblemAnswer {
  readonly problem: Problem
  readonly retryAfterSeconds?: number
}

const STATUS: Partial<Record<ErrorCode, number>> = {
  INPUT_INVALID: 400,
  CURSOR_INVALID: 400,
  NOT_FOUND: 404,
  IDEMPOTENCY_KEY_REUSED: 409,
  PREVIOUS_NOT_LATEST: 409,
  ATTEMPT_NOT_STARTED: 409,
  ATTEMPT_NOT_FINISHED: 409,
  NOTHING_TO_RELEASE: 409,
  GONE: 410,
  VIEW_NOT_READY: 503,
  TOO_MANY_READERS: 503,
  BROKER_UNAVAILABLE: 503,
  RUNTIME_UNAVAILABLE: 503,
  LEDGER_FULL: 503,
  DISK_FULL: 503,
  // Somebody else writes all the time: later is another time.
  LEDGER_CONFLICT: 503,
  EVENT_TOO_NEW: 503,
}

const TITLES: Record<number, string> = {
  400: 'The request is not valid',
  401: 'Who asks is not known',
  403: 'Not allowed',
  404: 'Not found',
  405: 'Not offered here',
  408: 'The request came too slowly',
  409: 'The request does not fit the state of the task',
  410: 'No longer kept',
  413: 'The request is too large',
  414: 'The address is too long',
  415: 'The request is not JSON',
  429: 'Too many requests',
  431: 'The headers are too large',
  500: 'The submitter failed',
  503: 'Not possible right now',
}

export function toProblem(error: unknown): ProblemAnswer {
  if (error instanceof HttpRefusal) {
    const plain = problem(error.status, error.code, error.message)
    return { problem: error.faults.length === 0 ? plain : { ...plain, errors: error.faults.map(toMember) } }
  }
  const status = error instanceof OrchestratorError ? STATUS[error.code] : undefined
  if (!(error instanceof OrchestratorError) || status === undefined) {
    return { problem: problem(500, 'INTERNAL', 'An error of the submitter itself; its log says more.') }
  }
  const answer = { problem: { ...problem(status, error.code, error.message), ...members(error) } }
  if (status !== 503) return answer
  const retryAfterMs = (error instanceof RetryableError ? error.retryAfterMs : undefined) ?? 1000
  return { ...answer, retryAfterSeconds: Math.max(1, Math.ceil(retryAfterMs / 1000)) }
}

function problem(status: number, code: string, detail: string): Problem {
  return {
    type: `urn:orchestrator:problem:${code.toLowerCase().replaceAll('_', '-')}`,
    title: TITLES[status] ?? 'The request was refused',
    status,
    detail: cut(detail, DETAIL_MAX),
    code,
  }
}

function members(error: OrchestratorError): Record<string, unknown> {
  if (!(error instanceof InvalidInput)) return error.details
  const errors = error.faults.slice(0, FAULTS_MAX).map(toMember)
  const left = error.faults.length - errors.length
  return { errors: left === 0 ? errors : [...errors, { field: '', value: null, message: `and ${left} more faults` }] }
}

const FAULTS_MAX = 100
const VALUE_MAX = 100
const DETAIL_MAX = 2000

function toMember({ field, value, message }: Fault): Fault {
  return { field: cut(field, VALUE_MAX), value: shown(value), message: cut(message, DETAIL_MAX) }
}

/** What people and terminals may be shown of a value that somebody sent: no token that was refused for being one. */
function shown(value: unknown): unknown {
  if (typeof value === 'string') return cut(hideTokens(value), VALUE_MAX)
  if (typeof value === 'number' || typeof value === 'boolean') return value
  return value === null || value === undefined ? null : cut(hideTokens(json(value)), VALUE_MAX)
}

function json(value: unknown): string {
  try {
    return JSON.stringify(value) ?? 'null'
  } catch {
    return Array.isArray(value) ? '[…]' : '{…}'
  }
}

function cut(text: string, max: number): string {
  const line = printableLine(text.length > max ? text.slice(0, max) : text)
  return text.length > max || line.length > max ? `${line.slice(0, max).replace(/[\uD800-\uDBFF]$/, '')}…` : line
}
