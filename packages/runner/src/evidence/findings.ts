/** What was found out about an attempt, step by step: the only input of the verdict. */
import type { GateResult } from '@orchestrator/shared/contracts'
import { type ErrorCode, describeError, OrchestratorError } from '@orchestrator/shared/core'
import type { EndingCause } from '../control/ending.ts'
import type { AgentEnd, Changes, TargetState, TaskDocuments } from '../ports.ts'

export interface Problem {
  readonly code: ErrorCode | undefined
  readonly message: string
}

/** What kept the work from being done: a person or a limit, or an error. The first one counts. */
export type Interruption =
  | { readonly kind: 'ended'; readonly cause: EndingCause }
  | { readonly kind: 'problem'; readonly problem: Problem }

export interface Findings {
  documents?: TaskDocuments
  target?: TargetState
  agent?: AgentEnd
  interruption?: Interruption
  changes?: Changes
  pushedSha?: string
  /** Why the work could not be committed or pushed. */
  saveProblem?: Problem
  gates: GateResult[]
}

export function toProblem(error: unknown): Problem {
  return { code: codeOf(error), message: describeError(error) }
}

function codeOf(error: unknown): ErrorCode | undefined {
  if (error instanceof OrchestratorError) return error.code
  const isFull = error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT')
  return isFull ? 'DISK_FULL' : undefined
}

export function agentSucceeded({ agent }: Pick<Findings, 'agent'>): boolean {
  return agent !== undefined && agent.failure === undefined && (agent.finished === true || agent.exitCode === 0)
}

export function differsFromBase({ changes }: Pick<Findings, 'changes'>): boolean {
  return changes !== undefined && changes.diffStat.files > 0
}
