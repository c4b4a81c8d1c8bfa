/** The HTTP API as its clients use it. What people read of its answers is in `texts/`. */
export { type AttemptReference, findAttempt } from './attempt-reference.ts'
export {
  type Client,
  type ClientOptions,
  createClient,
  type Filters,
  type LogsOptions,
  type TaskAddress,
} from './client.ts'
export { type LogReading, type ReadLine, readLog } from './read-log.ts'
export { ServerError } from './server-error.ts'
export { type AttemptWatch, isPassing, PATIENCE_MS, POLL_MS, watchAttempt } from './watch-attempt.ts'
