/**
 * Every error of this system answers one question: is it worth trying again?
 *
 * - {@link RetryableError}: the world may change (broker away, disk full, remote busy); try again after a delay.
 * - {@link TerminalError}: the same input will fail for ever; tell someone, do not try again.
 * - anything else is a bug, handled like a retryable error until the tries run out.
 *
 * Decide by class or `code`, never by message. `code` values are listed in `error-codes.ts` and never reused.
 */
import type { ErrorCode } from './error-codes.ts'

export interface OrchestratorErrorOptions extends ErrorOptions {
  /** Plain facts for logs and problem documents. Never secrets. */
  readonly details?: Readonly<Record<string, unknown>>
}

export abstract class OrchestratorError extends Error {
  abstract readonly retryable: boolean
  readonly code: ErrorCode
  readonly details: Readonly<Record<string, unknown>>

  constructor(code: ErrorCode, message: string, options: OrchestratorErrorOptions = {}) {
    super(message, options)
    this.code = code
    this.details = options.details ?? {}
  }
}

export class RetryableError extends OrchestratorError {
  override readonly name = 'RetryableError'
  readonly retryable = true
  /** Milliseconds to wait before the next try, where the cause names one. */
  readonly retryAfterMs: number | undefined

  constructor(
    code: ErrorCode,
    message: string,
    options: OrchestratorErrorOptions & { readonly retryAfterMs?: number } = {},
  ) {
    super(code, message, options)
    this.retryAfterMs = options.retryAfterMs
  }
}

export class TerminalError extends OrchestratorError {
  override readonly name = 'TerminalError'
  readonly retryable = false
}

/** True unless the error says that the same input can never succeed: foreign errors count as worth another try. */
export function isRetryable(error: unknown): boolean {
  return !(error instanceof OrchestratorError) || error.retryable
}

export function hasCode(error: unknown, code: ErrorCode): error is OrchestratorError {
  return error instanceof OrchestratorError && error.code === code
}

/** A message for people from whatever was thrown, causes included, on one line. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const cause = error.cause === undefined ? '' : `: ${describeError(error.cause)}`
  return `${error.message}${cause}`.replaceAll(/\s+/g, ' ')
}
