export { isAbort, raceAbort } from './abort.ts'
export { assertNever } from './assert-never.ts'
export { type Backoff, backoffMs } from './backoff.ts'
export { type Clock, systemClock } from './clock.ts'
export { ERROR_CODES, type ErrorCode } from './error-codes.ts'
export {
  describeError,
  hasCode,
  isRetryable,
  OrchestratorError,
  type OrchestratorErrorOptions,
  RetryableError,
  TerminalError,
} from './errors.ts'
export { canonicalJson, sha256Hex, shortHash } from './hash.ts'
export { createKeyedQueue, type KeyedQueue } from './keyed-queue.ts'
export { memoised } from './memoised.ts'
export { cutToBytes, printable, printableLine } from './text.ts'
export { hideTokens, holdsToken, REDACTED } from './token-shapes.ts'
