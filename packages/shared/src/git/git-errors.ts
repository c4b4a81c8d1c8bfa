/** From what git printed to what it means. Pure: git's texts are stable under `LC_ALL=C`, its exit codes say little. */
import type { ErrorCode } from '../core/index.ts'
import { printableLine } from '../core/index.ts'

export interface GitFailureFacts {
  /** The end of standard error, secrets removed. */
  readonly stderr: string
  readonly exitCode: number | null
  readonly signal: string | null
  /** Set when it was ended from outside. */
  readonly stopped: 'timeout' | 'aborted' | 'output' | undefined
}

export interface GitFailure {
  readonly code: ErrorCode
  readonly retryable: boolean
  /** One line for people. */
  readonly summary: string
}

interface Rule {
  readonly code: ErrorCode
  readonly retryable: boolean
  readonly pattern: RegExp
}

/** The first that matches counts: causes stand before the complaints that follow from them. */
const RULES: readonly Rule[] = [
  {
    code: 'DISK_FULL',
    retryable: true,
    pattern: /no space left on device|out of diskspace|disk quota exceeded|\benospc\b|\bedquot\b/i,
  },
  {
    code: 'GIT_AUTH_FAILED',
    retryable: false,
    pattern:
      /authentication failed|could not read (username|password)|permission denied \(|permission to .* denied|invalid username or (password|token)|invalid credentials|terminal prompts disabled|host key verification failed|certificate problem|certificate verification failed|returned error: 40[13]|access denied|write access to repository not granted|password authentication was removed/i,
  },
  {
    code: 'GIT_NOT_FOUND',
    retryable: false,
    pattern:
      /repository .*not found|returned error: 404|does not appear to be a git repository|repository .* does not exist|couldn't find remote ref|remote branch .* not found|project you were looking for could not be found/i,
  },
  {
    code: 'GIT_REJECTED',
    retryable: false,
    pattern:
      /\[(remote )?rejected\]|failed to push some refs|protected branch|pre-receive hook declined|non-fast-forward|stale info/i,
  },
  {
    code: 'GIT_UNAVAILABLE',
    retryable: true,
    pattern:
      /unable to create '.*\.lock': file exists|another git process seems to be running|cannot lock ref .*\.lock': file exists/i,
  },
  {
    code: 'GIT_UNAVAILABLE',
    retryable: true,
    pattern:
      /could not resolve (host|proxy)|couldn't resolve host|temporary failure in name resolution|connection (timed out|refused|reset|closed)|operation timed out|network is unreachable|no route to host|failed to connect|couldn't connect|empty reply from server|returned error: (408|425|429|5\d\d)|early eof|unexpected disconnect|remote end hung up|rpc failed|gnutls|ssl_(connect|read|error)|tls connection|broken pipe|kex_exchange_identification|unable to access|out of memory|cannot allocate memory|unable to fork/i,
  },
]

const STOPPED = {
  timeout: { code: 'GIT_UNAVAILABLE', retryable: true, summary: 'it took too long and was ended' },
  aborted: { code: 'GIT_UNAVAILABLE', retryable: true, summary: 'it was ended' },
  output: { code: 'GIT_FAILED', retryable: false, summary: 'it printed more than can be held' },
} as const satisfies Record<string, GitFailure>

export function classifyGitFailure({ stderr, exitCode, signal, stopped }: GitFailureFacts): GitFailure {
  if (stopped !== undefined) return STOPPED[stopped]
  const rule = RULES.find(({ pattern }) => pattern.test(stderr))
  // Killed by somebody else, for want of memory perhaps: that says nothing about the repository.
  const isKilled = rule === undefined && signal !== null
  const end = signal === null ? `exit ${exitCode ?? '?'}` : `ended by ${signal}`
  return {
    code: isKilled ? 'GIT_UNAVAILABLE' : (rule?.code ?? 'GIT_FAILED'),
    retryable: isKilled || (rule?.retryable ?? false),
    summary: summaryOf(stderr, rule) ?? end,
  }
}

/** The line that made the rule match, else the first complaint, else the last line. */
function summaryOf(stderr: string, rule: Rule | undefined): string | undefined {
  const lines = stderr
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
  const said =
    lines.find((line) => rule?.pattern.test(line)) ?? lines.find((line) => /^(fatal|error):/.test(line)) ?? lines.at(-1)
  return said === undefined ? undefined : printableLine(said.replace(/^(fatal|error|remote): */, '')).slice(0, 500)
}
