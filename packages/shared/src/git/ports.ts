/** Running git so that neither a repository nor a URL can make it do anything else. */

export interface GitRun {
  readonly args: readonly string[]
  readonly cwd: string
  readonly signal: AbortSignal
  /** Milliseconds; 10 minutes when left out. */
  readonly timeoutMs?: number
  /** Extra variables of this call, for example an author. */
  readonly environment?: Readonly<Record<string, string>>
  readonly input?: string
}

export interface GitOutput {
  readonly stdout: string
  readonly stderr: string
}

/**
 * Neutralises hooks, filters, fsmonitor, external diff, helpers, `insteadOf` and every configuration but our own;
 * output has secrets removed and is bounded.
 */
export interface Git {
  /**
   * @throws RetryableError GIT_UNAVAILABLE (network, timeout, lock, killed), DISK_FULL;
   *   TerminalError GIT_AUTH_FAILED, GIT_NOT_FOUND, GIT_REJECTED, GIT_FAILED, TOOLS_UNAVAILABLE (no git). `details` hold args and the end of stderr.
   */
  run(run: GitRun): Promise<GitOutput>
}
