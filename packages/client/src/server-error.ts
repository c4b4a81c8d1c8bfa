import { hasCode } from '@orchestrator/shared/core'
import type { Problem } from './generated/api.ts'

/** The server understood and refused. Decide by `code`, which never changes its meaning, not by the message. */
export class ServerError extends Error {
  override readonly name = 'ServerError'
  /** The problem document as it was sent (RFC 9457): `errors` names every fault of the request. */
  readonly problem: Problem
  readonly code: string
  /** Whether the very same request may be taken later: there were too many, or the fault is the server's. */
  readonly retryable: boolean
  /** Milliseconds to wait before, where the server names them. */
  readonly retryAfterMs: number | undefined

  constructor(problem: Problem, retryAfterMs?: number) {
    super(problem.detail)
    this.problem = problem
    this.code = problem.code
    this.retryable = problem.status === 429 || problem.status >= 500
    this.retryAfterMs = retryAfterMs
  }
}

/** The server is away or not ready yet, or has had too many requests, which ends by itself. */
export function isPassing(error: unknown): boolean {
  return hasCode(error, 'SERVER_UNREACHABLE') || (error instanceof ServerError && error.retryable)
}
