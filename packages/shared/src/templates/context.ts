/** What templates are given: documented in `templates/README.md`, with the names that overlays are written against. */
import type { AttemptSpec, EarlierAttempt, RepositoryRef, ToolmanSettings } from '../contracts/index.ts'

export interface ContextSource {
  readonly spec: AttemptSpec
  /** Attempts of the same task before this one, oldest first. */
  readonly earlier: readonly EarlierAttempt[]
  /** Absolute path of the workspace as the agent sees it. */
  readonly workspaceDirectory: string
  readonly toolman?: ToolmanSettings | undefined
}

export type TemplateContext = Readonly<Record<string, unknown>>

export function templateContext({ spec, earlier, workspaceDirectory, toolman }: ContextSource): TemplateContext {
  const replaced = spec.prompt.mode === 'replace' && spec.prompt.guidance !== undefined
  return {
    repository: repository(spec.repository),
    target_repo: repository(spec.repository),
    platform_repo: repository(spec.platform),
    working_directory: spec.workingDirectory,
    task_id: spec.taskId,
    service_name: spec.service,
    attempts: { current: spec.n, is_retry: earlier.length > 0, previous: earlier.map(previousAttempt) },
    tag: spec.tag,
    agent: spec.agent,
    model: spec.model,
    attempt_name: spec.name,
    branch: spec.branch,
    workspace: spec.workspace,
    workspace_directory: workspaceDirectory,
    limits: {
      wall_clock_minutes: spec.limits.wallClockMinutes,
      idle_minutes: spec.limits.idleMinutes,
      usd: spec.limits.usd,
      turns: spec.limits.turns,
    },
    gates: spec.gates.map(({ name, command }) => ({ name, command: command.join(' ') })),
    prompt: {
      replaced,
      text: replaced ? (spec.prompt.guidance ?? '') : '',
      guidance: replaced ? [] : guidance(spec, earlier),
    },
    toolman: toolman === undefined ? null : toolmanOf(toolman, workspaceDirectory),
  }
}

function toolmanOf(
  { command: [command = '', ...args], serverUrl, workingDirectory }: ToolmanSettings,
  workspaceDirectory: string,
): Readonly<Record<string, unknown>> {
  return {
    command,
    args,
    server_url: serverUrl,
    working_directory: workingDirectory ?? workspaceDirectory,
    client_config: `${workspaceDirectory}/client-config.json`,
  }
}

function repository({ url, branch, githubUser }: RepositoryRef): Readonly<Record<string, string>> {
  return { url, branch, github_user: githubUser }
}

function previousAttempt({ n, name, phase, reason, message }: EarlierAttempt): Readonly<Record<string, unknown>> {
  return { n, name, phase: phase ?? 'not finished', reason: reason ?? '', message: message ?? '' }
}

/** Every guidance so far, in order, this attempt's last. */
function guidance(spec: AttemptSpec, earlier: readonly EarlierAttempt[]): readonly Readonly<Record<string, unknown>>[] {
  const own = spec.prompt.guidance === undefined ? [] : [{ n: spec.n, text: spec.prompt.guidance, current: true }]
  const before = earlier.flatMap(({ n, guidance: text }) => (text === null ? [] : [{ n, text, current: false }]))
  return [...before, ...own]
}
