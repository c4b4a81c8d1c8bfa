/** What a person is told about an accepted attempt. Pure. */
import {
  type AttemptSpec,
  isTerminal,
  type Phase,
  type SubmitAnswer,
  taskBranch,
  taskKey,
  type TaskRef,
  type TaskSubmitted,
} from '@orchestrator/shared/contracts'

/** What the view adds to the event, as of the attempt's own place in the ledger. */
export interface AnswerFacts {
  readonly workspaceIsNew: boolean
  readonly branchIsNew: boolean
  /** The task that has the short branch, where this one could not have it. */
  readonly branchHolder: TaskRef | undefined
  readonly ahead: number
  readonly previousPhase: Phase | undefined
  readonly repeated: boolean
}

export function toSubmitAnswer(data: TaskSubmitted['data'], sequence: number, facts: AnswerFacts): SubmitAnswer {
  const { attempt: spec, sources, previous } = data
  const {
    service,
    tag,
    taskId,
    n,
    agent,
    model,
    repository,
    platform,
    workingDirectory,
    workspace,
    branch,
    limits,
    prompt,
  } = spec
  return {
    task: { service, tag, taskId },
    attempt: spec.name,
    n,
    agent,
    model,
    repository,
    platform,
    workingDirectory,
    workingDirectoryKind: workingDirectory.replace(/\/+$/, '') === service ? 'default' : 'custom',
    workspace,
    workspaceIsNew: facts.workspaceIsNew,
    branch,
    branchIsNew: facts.branchIsNew,
    guidance: prompt.guidance ?? null,
    promptMode: prompt.mode,
    previous: previous?.name ?? null,
    limits,
    sources,
    ahead: facts.ahead,
    repeated: facts.repeated,
    warnings: warnings(data, facts),
    next: nextSteps(spec, facts),
    sequence,
  }
}

function warnings({ attempt, previous }: TaskSubmitted['data'], facts: AnswerFacts): string[] {
  const { branchHolder, previousPhase } = facts
  const told: string[] = []
  if (branchHolder !== undefined) {
    const [short, owner] = [taskBranch(attempt.taskId), taskKey(branchHolder)]
    told.push(`The branch ${short} of this repository belongs to task ${owner}: this task works on ${attempt.branch}.`)
  }
  if (previous !== undefined && previousPhase === 'Succeeded') {
    told.push(`${previous.name} succeeded: this attempt continues on top of its work.`)
  }
  if (previous !== undefined && previousPhase !== undefined && !isTerminal(previousPhase)) {
    told.push(
      `${previous.name} has not ended (${previousPhase}): this attempt waits for it. Stop that one if it is not wanted any more.`,
    )
  }
  return told
}

function nextSteps(spec: AttemptSpec, facts: AnswerFacts): string[] {
  return [
    queueStep(spec, facts),
    workspaceStep(spec, facts),
    `Read the documents of task ${spec.taskId} in ${spec.platform.url} (branch ${spec.platform.branch}).`,
    branchStep(spec, facts),
    `${spec.agent} works with ${spec.model} in ${spec.workingDirectory.replace(/\/+$/, '')}/, for ${spec.limits.wallClockMinutes} minutes at most.`,
    'Commits are pushed to the branch, and the gates of the task decide; without any gate a success is not verified.',
    `Follow it: GET /v1/attempts/${spec.name}`,
  ]
}

function queueStep({ workspace }: AttemptSpec, { ahead }: AnswerFacts): string {
  if (ahead === 0) return `Start as soon as ${workspace} and a slot are free: nothing is ahead of it.`
  return `Wait for ${ahead === 1 ? 'one attempt' : `${ahead} attempts`} that ${ahead === 1 ? 'uses' : 'use'} ${workspace} before it (an estimate).`
}

function workspaceStep({ workspace, repository }: AttemptSpec, { workspaceIsNew }: AnswerFacts): string {
  return workspaceIsNew
    ? `Make ${workspace} and clone ${repository.url} into it.`
    : `Bring the clone of ${repository.url} in ${workspace} up to date; what was left uncommitted there is saved first.`
}

function branchStep({ branch, repository, n }: AttemptSpec, { branchIsNew }: AnswerFacts): string {
  if (branchIsNew) return `Make the branch ${branch} from ${repository.branch}.`
  const earlier = n === 2 ? 'the earlier attempt' : 'earlier attempts'
  return `Continue on the branch ${branch}, with what ${earlier} did at hand.`
}
