import { describeError, RetryableError, TerminalError } from '../core/index.ts'
import { classifyGitFailure } from './git-errors.ts'
import { environmentOf, subcommandOf, withSafeArguments } from './hardening.ts'
import type { Git, GitOutput, GitRun } from './ports.ts'
import { createRedaction, type Redaction } from './redaction.ts'
import { type ConfigEntry, neutraliseConfig } from './repository-config.ts'
import { locateRepository, readConfigAlone } from './repository.ts'
import { type ProcessEnd, runProcess } from './run-process.ts'

export interface GitOptions {
  /** Program, for example `git`; looked up on `environment.PATH`. */
  readonly executable: string
  /** HOME of git and of what it starts. */
  readonly home: string
  /**
   * The whole environment of every call besides the hardening: nothing of this process is inherited. Credentials come
   * in here, also as configuration (`GIT_CONFIG_COUNT` and its pairs are kept, after our own).
   */
  readonly environment: Readonly<Record<string, string>>
  /** Values that never leave: removed from output and errors. */
  readonly secrets: readonly string[]
}

const REMEMBERED_CONFIGS = 64
const DEFAULT_TIMEOUT_MS = 10 * 60_000
const STDOUT_MAX_BYTES = 32 * 1024 * 1024
const STDERR_TAIL_BYTES = 16 * 1024

/**
 * Real git, which looks for a repository in `cwd` itself and nowhere above; a bare one is named by `--git-dir=.`.
 * What a repository's own configuration could start is overridden call by call, or the call is refused.
 */
export function createGit(options: GitOptions): Git {
  const redact = createRedaction(options.secrets)
  const keysOf = createConfigReader(options)
  return {
    run: async (run) => {
      run.signal.throwIfAborted()
      const overrides = await overridesFor(run, keysOf)
      const end = await start(options, { ...run, args: withSafeArguments(run.args) }, overrides)
      run.signal.throwIfAborted()
      return outputOf(run, end, redact)
    },
  }
}

type ConfigReader = (run: GitRun) => Promise<readonly string[]>

/** Subcommands that only read what they are asked for, or stand outside any repository. */
const INERT = new Set(['config', 'rev-parse', 'symbolic-ref', 'version', 'init', 'update-ref', 'for-each-ref'])

async function overridesFor(run: GitRun, keysOf: ConfigReader): Promise<readonly ConfigEntry[]> {
  const subcommand = subcommandOf(run.args) ?? ''
  if (INERT.has(subcommand)) return []
  const { overrides, refused } = neutraliseConfig(await keysOf(run), subcommand)
  if (refused.length === 0) return overrides
  throw new TerminalError(
    'GIT_FAILED',
    `the repository's own configuration sets ${refused.join(', ')}, which cannot be neutralised`,
    {
      details: { cwd: run.cwd, keys: refused },
    },
  )
}

/** Keys that the repository in `cwd` sets. The answer for a text that stands alone is remembered: it is asked for often. */
function createConfigReader(options: GitOptions): ConfigReader {
  const known = new Map<string, readonly string[]>()
  return async (run) => {
    const text = await readConfigAlone(run.cwd, run.args.includes('--git-dir=.'))
    const remembered = text === undefined ? undefined : known.get(text)
    if (remembered !== undefined) return remembered
    // Only parses: whatever the keys name is not started by listing them.
    const args = [...gitDirectoryArguments(run.args), 'config', '--local', '--includes', '--list', '--name-only', '-z']
    const end = await start(options, { args, cwd: run.cwd, signal: run.signal }, [])
    run.signal.throwIfAborted()
    const keys = end.stdout.split('\0').filter((key) => key !== '')
    if (text !== undefined && known.size < REMEMBERED_CONFIGS) known.set(text, keys)
    return keys
  }
}

function gitDirectoryArguments(args: readonly string[]): readonly string[] {
  return args.filter((argument) => argument.startsWith('--git-dir='))
}

async function start(options: GitOptions, run: GitRun, override: readonly ConfigEntry[]): Promise<ProcessEnd> {
  const repository = await locateRepository(run.cwd, subcommandOf(run.args))
  try {
    return await runProcess({
      executable: options.executable,
      args: run.args,
      cwd: run.cwd,
      environment: environmentOf({ options, run, repository, override }),
      input: run.input ?? '',
      signal: run.signal,
      timeoutMs: run.timeoutMs ?? DEFAULT_TIMEOUT_MS,
      stdoutMaxBytes: STDOUT_MAX_BYTES,
      stderrTailBytes: STDERR_TAIL_BYTES,
    })
  } catch (cause) {
    throw startProblem(options.executable, cause)
  }
}

/** A machine short of memory or processes may have some again; a missing program stays missing. */
function startProblem(executable: string, cause: unknown): RetryableError | TerminalError {
  const message = `${executable} could not be started: ${describeError(cause)}`
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  const isShortage = code === 'EAGAIN' || code === 'ENOMEM' || code === 'EMFILE' || code === 'ENFILE'
  return isShortage
    ? new RetryableError('GIT_UNAVAILABLE', message, { cause })
    : new TerminalError('TOOLS_UNAVAILABLE', message, { cause })
}

function outputOf(run: GitRun, end: ProcessEnd, redact: Redaction): GitOutput {
  const stderr = redact(end.stderr)
  if (end.exitCode === 0 && end.stopped === undefined) return { stdout: redact(end.stdout), stderr }
  const failure = classifyGitFailure({ stderr, exitCode: end.exitCode, signal: end.signal, stopped: end.stopped })
  const details = {
    args: run.args.map((argument) => redact(argument)),
    exitCode: end.exitCode,
    stderr: stderr.slice(-2000),
    ...(failure.code === 'GIT_REJECTED' ? { report: redact(end.stdout).slice(-2000) } : {}),
  }
  const message = `git ${subcommandOf(run.args) ?? ''} failed: ${failure.summary}`
  throw failure.retryable
    ? new RetryableError(failure.code, message, { details })
    : new TerminalError(failure.code, message, { details })
}
