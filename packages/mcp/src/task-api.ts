import type { Client, Submit } from '@orchestrator/client'
import type { Clock } from '@orchestrator/shared/core'

/**
 * What the tools ask. The HTTP client is one; a service that serves the tools itself brings its own.
 * Errors are those of {@link Client}: ServerError for what was refused, TerminalError SERVER_UNREACHABLE for silence.
 */
export type TaskApi = Pick<
  Client,
  'submitTask' | 'retryTask' | 'stopAttempt' | 'getAttempt' | 'listAttempts' | 'listTasks' | 'logs'
>

/** The fields of a request that say where the documents are. */
export type PlatformFields = Pick<Submit, 'platformRepositoryUrl' | 'platformBranch' | 'platformUser'>

/** Under the minute after which many clients give a request up. */
export const TOOL_PATIENCE_MS = 50_000

export interface McpDependencies {
  readonly version: string
  /**
   * The API for one request, until the signal aborts. Asked anew each time: a server that was away may be there now.
   * @throws TerminalError SERVER_UNREACHABLE saying how to start one
   */
  readonly connect: (signal: AbortSignal) => Promise<TaskApi>
  /** The platform repository that this server stands in; `undefined` where it stands in none. */
  readonly findPlatform: (signal: AbortSignal) => Promise<PlatformFields | undefined>
  /** How long a tool takes at most, beside what it waits on purpose; milliseconds. */
  readonly patienceMs: number
  /** How people call the command line, for what they do by hand. */
  readonly command: string
  /** Aborted when whoever serves the tools is about to stop: what waits on purpose answers how it stands. */
  readonly closing: AbortSignal
  readonly clock: Clock
  readonly logger: ToolLogger
}

/** A part of every logger of ours. */
export interface ToolLogger {
  info(fields: Readonly<Record<string, unknown>>, message: string): void
  warn(fields: Readonly<Record<string, unknown>>, message: string): void
}
