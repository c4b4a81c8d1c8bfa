import { type AttemptFile, MARKER_VARIABLE } from '@orchestrator/shared/contracts'
import type { RunnerEnvironment } from '../config.ts'
import type { AgentRun } from '../ports.ts'

/** What every agent is given beside its own settings; nothing else of the machine reaches it. */
export function agentEnvironment(
  environment: RunnerEnvironment,
  run: AgentRun,
  own: Readonly<Record<string, string>>,
): Record<string, string> {
  const { spec, workspaceDirectory, submittedId } = run.attempt
  return {
    ...environment,
    ...authorOf(run.attempt),
    ORCHESTRATOR_PROMPT_FILE: run.promptPath,
    ORCHESTRATOR_TASK_DOCS: run.documentsDirectory,
    ORCHESTRATOR_WORKSPACE: workspaceDirectory,
    ORCHESTRATOR_MODEL: spec.model,
    ORCHESTRATOR_SERVICE: spec.service,
    ORCHESTRATOR_TAG: spec.tag,
    ORCHESTRATOR_TASK_ID: spec.taskId,
    ORCHESTRATOR_ATTEMPT_NUMBER: String(spec.n),
    ...own,
    // Last: by it every process of the attempt is found again.
    [MARKER_VARIABLE]: submittedId,
  }
}

function authorOf({ spec: { repository } }: AttemptFile): Record<string, string> {
  const name = repository.githubUser
  const email = `${name}@users.noreply.github.com`
  return {
    GIT_AUTHOR_NAME: name,
    GIT_AUTHOR_EMAIL: email,
    GIT_COMMITTER_NAME: name,
    GIT_COMMITTER_EMAIL: email,
  }
}
