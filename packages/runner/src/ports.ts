/** The seams of the runner: what the steps need, and who provides it. */
import type {
  AttemptFile,
  Commit,
  DiffStat,
  Flag,
  Gates,
  GitOperation,
  Language,
  Reason,
  RunnerLineBody,
} from '@orchestrator/shared/contracts'
import type { Knowledge } from './tools/complete-text.ts'
import type { PlannedTool, ToolPlan } from './tools/tool-plan.ts'

/** The one way to say anything: numbers, times, redacts and bounds every line before it is written. */
export interface LineLog {
  /** @returns the line's number */
  write(body: RunnerLineBody): number
  readonly lines: number
}

/** The fence and the claim of one workspace, held for the runner's life. */
export interface Tenancy extends AsyncDisposable {
  /** Absolute path of `tasks/<tag>-<id>/attempt-<n>/`. */
  readonly attemptDirectory: string
  /** Before each reset, commit and push. @throws TerminalError FENCED when a later attempt has the workspace. */
  assertCurrent(): Promise<void>
}

export interface TaskDocuments {
  /** Absolute path of `task-docs/`. */
  readonly directory: string
  readonly files: readonly string[]
  /** Optional documents that are not there, said as a warning. */
  readonly missing: readonly string[]
  readonly criteria: readonly string[]
  /** From `gates.json` beside the documents. */
  readonly gates: Gates | undefined
  readonly tools: ToolPlan
}

export interface TargetState {
  /** Absolute path of the working directory inside `target-repo/`. */
  readonly workingDirectory: string
  readonly branchIsNew: boolean
  /** Where the branch left its base: `origin/<base>`'s merge base. */
  readonly baseSha: string
  /** Head at the start of this attempt. */
  readonly startSha: string
  /** Folders, relative to the workspace, that hold work saved before the tree was cleaned. */
  readonly savedWork: readonly string[]
  /** What the repository holds. */
  readonly languages: readonly Language[]
}

export interface Changes {
  readonly headSha: string
  readonly commits: readonly Commit[]
  readonly diffStat: DiffStat
  readonly files: readonly string[]
  readonly flags: readonly Flag[]
}

/** Everything that touches the workspace's folders and repositories. Each git operation is reported to the log. */
export interface Workspace {
  /**
   * `git ls-remote` of both repositories and a push dry run.
   * @throws TerminalError GIT_AUTH_FAILED, GIT_NOT_FOUND, WORKSPACE_CONFLICT; RetryableError GIT_UNAVAILABLE
   */
  preflight(): Promise<void>
  /** `platform-repo/` fetched, `task-docs/` refilled. @throws TerminalError DOCS_MISSING naming repository, branch, paths tried; TOOLS_UNAVAILABLE */
  prepareDocuments(): Promise<TaskDocuments>
  /** `target-repo/` on the attempt's branch, earlier uncommitted work saved first. @throws TerminalError WORKSPACE_CONFLICT, DISK_FULL */
  prepareTarget(): Promise<TargetState>
  /** Rendered files to their places, links `attempt-<n>` and `current`, `shared/`; removes what does not belong at the root. */
  layFiles(files: { readonly sourceDirectory: string; readonly knowledge: Knowledge }): Promise<void>
  /** Commits what the agent left uncommitted; false when there was nothing. */
  commitLeftovers(message: string): Promise<boolean>
  /** Pushes the branch from the runner's own bare clone, with a lease on the sha last seen; returns the pushed sha. */
  push(): Promise<string>
  /** The branch against its base. */
  changes(): Promise<Changes>
  /** A clean checkout of a pushed commit in a temporary folder outside the workspace. */
  checkout(sha: string): Promise<AsyncDisposable & { readonly directory: string }>
  /** Timed records so far, for the result. */
  readonly gitOperations: readonly GitOperation[]
}

/** Runs untrusted code: the agent and the gates. On one machine a child process in its own group. */
export interface Executor {
  start(command: ExecutorCommand): Promise<Execution>
}

export interface ExecutorCommand {
  readonly argv: readonly string[]
  readonly cwd: string
  /** The whole environment; nothing is inherited. */
  readonly environment: Readonly<Record<string, string>>
  /** Written to standard input, which is then closed; left out: `/dev/null`. */
  readonly input?: string
  /** Standard input stays open after that, for {@link Execution.write}. */
  readonly isConversation?: boolean
  readonly onOutput: (stream: 'stdout' | 'stderr', line: string, cutBytes: number) => void
}

export interface ExecutionEnd {
  readonly exitCode: number | null
  readonly signal: string | null
  readonly durationMs: number
}

export interface Execution {
  readonly ended: Promise<ExecutionEnd>
  /** Signals the whole group. */
  kill(signal: NodeJS.Signals): void
  /** Of a conversation: more for its standard input. Nothing happens once it has ended. */
  write(text: string): void
  /** Of a conversation: nothing more will be said. */
  closeInput(): void
}

/** One kind of agent. */
export interface AgentAdapter {
  /** Finds what it needs before a token is spent. @throws TerminalError TOOLS_UNAVAILABLE */
  preflight(): Promise<void>
  run(order: AgentRun): Promise<AgentEnd>
}

export interface AgentRun {
  readonly attempt: AttemptFile
  readonly workingDirectory: string
  /** Absolute path of `task-docs/`. */
  readonly documentsDirectory: string
  /** Absolute path of the attempt's own folder. */
  readonly attemptDirectory: string
  /** The whole prompt, and where it lies as a file. */
  readonly prompt: string
  readonly promptPath: string
  /** What its tool servers, configured in `.mcp.json` of the workspace, must offer. */
  readonly tools: readonly PlannedTool[]
  /** Asked to stop, idle, or over a limit: interrupt, then end. */
  readonly signal: AbortSignal
  /** Called at every sign of life: feeds the inactivity watchdog. */
  readonly onActivity: () => void
  /** Called when it goes round in circles: ends the attempt. */
  readonly onStuck: (what: string) => void
}

export interface AgentEnd {
  readonly exitCode: number | null
  readonly signal: string | null
  readonly durationMs: number
  readonly sessionId?: string
  readonly lastText?: string
  /** It said that it is done: how its process ended does not matter. */
  readonly finished?: true
  /** What went wrong, by its own words or by those of whoever watches it. */
  readonly failure?: AgentFailure
  /** Tools that it was refused by its settings. */
  readonly deniedTools?: readonly string[]
}

export interface AgentFailure {
  readonly reason: Reason
  /** One or two sentences for people. */
  readonly message: string
}
