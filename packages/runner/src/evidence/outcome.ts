/** The verdict: a pure function of what was found, never of what the agent says. */
import type { GateResult, Outcome, Reason } from '@orchestrator/shared/contracts'
import { assertNever, type ErrorCode } from '@orchestrator/shared/core'
import type { EndingCause } from '../control/ending.ts'
import type { AgentEnd } from '../ports.ts'
import { agentSucceeded, differsFromBase, type Findings, type Problem } from './findings.ts'

export interface Verdict {
  readonly outcome: Outcome
  readonly reason: Reason
  /** One or two sentences for people. */
  readonly message: string
  readonly verified: boolean
}

export function decideOutcome(findings: Findings): Verdict {
  const { interruption, saveProblem } = findings
  if (interruption?.kind === 'ended') return withSaveProblem(verdictOfEnding(interruption.cause), saveProblem)
  if (interruption?.kind === 'problem') return withSaveProblem(verdictOfProblem(interruption.problem), saveProblem)
  if (findings.agent === undefined) return failed('RunnerError', 'The agent was never run.')
  if (!agentSucceeded(findings)) return withSaveProblem(verdictOfAgent(findings.agent), saveProblem)
  if (saveProblem !== undefined) return verdictOfProblem(saveProblem)
  if (!differsFromBase(findings)) return verdictOfNothing(findings.agent)
  if (findings.pushedSha === undefined) return failed('RunnerError', 'The work was not pushed.')
  return verdictOfGates(findings.gates)
}

function failed(reason: Reason, message: string): Verdict {
  return { outcome: 'Failed', reason, message, verified: false }
}

function verdictOfEnding(cause: EndingCause): Verdict {
  switch (cause.kind) {
    case 'stop':
      return {
        outcome: 'Stopped',
        reason: 'StopRequested',
        message: `Stopped as asked by ${cause.requestedBy}.`,
        verified: false,
      }
    case 'deadline':
      return {
        outcome: 'TimedOut',
        reason: 'DeadlineExceeded',
        message: `Ended at its time limit of ${plural(cause.minutes, 'minute')}.`,
        verified: false,
      }
    case 'idle':
      return failed('AgentStalled', `The agent gave no sign of life for ${plural(cause.minutes, 'minute')}.`)
    case 'budget':
      return failed(
        'BudgetReached',
        `The agent cost $${cause.costUsd.toFixed(2)}, at or above its limit of $${cause.limitUsd.toFixed(2)}.`,
      )
    case 'stuck':
      return failed('AgentStuck', `The agent went round in circles: ${asSentence(cause.what)}`)
    case 'turns':
      return failed('TurnsReached', `The agent took ${plural(cause.turns, 'turn')}, above its limit of ${cause.limit}.`)
    default:
      return assertNever(cause, 'ending')
  }
}

const REASON_OF_CODE: Partial<Record<ErrorCode, Reason>> = {
  GIT_AUTH_FAILED: 'AuthFailed',
  GIT_NOT_FOUND: 'RepositoryUnavailable',
  GIT_UNAVAILABLE: 'RepositoryUnavailable',
  GIT_REJECTED: 'PushRejected',
  DOCS_MISSING: 'DocsMissing',
  WORKSPACE_CONFLICT: 'WorkspaceConflict',
  WORKSPACE_LOCKED: 'WorkspaceConflict',
  FENCED: 'WorkspaceConflict',
  DISK_FULL: 'DiskFull',
  TOOLS_UNAVAILABLE: 'ToolsUnavailable',
  CONFIG_INVALID: 'ConfigurationInvalid',
  SETTINGS_INVALID: 'ConfigurationInvalid',
  INPUT_INVALID: 'ConfigurationInvalid',
  TEMPLATE_INVALID: 'ConfigurationInvalid',
}

export function verdictOfProblem({ code, message }: Problem): Verdict {
  return failed((code && REASON_OF_CODE[code]) ?? 'RunnerError', asSentence(message))
}

function verdictOfGates(gates: readonly GateResult[]): Verdict {
  const broken = gates.filter(({ passed }) => !passed)
  if (broken.length > 0) return failed('GateFailed', broken.map(gateError).join(' '))
  if (gates.length === 0)
    return {
      outcome: 'Succeeded',
      reason: 'NotVerified',
      message: 'The work is done and pushed. No gate is configured, so nothing proves it.',
      verified: false,
    }
  const message = gates.length === 1 ? 'The gate passed.' : `All ${gates.length} gates passed.`
  return { outcome: 'Succeeded', reason: 'GatesPassed', message, verified: true }
}

function gateError({ name, exitCode, timedOut }: GateResult): string {
  const how = timedOut
    ? 'ran out of time'
    : exitCode === null
      ? 'could not run or was killed'
      : `ended with exit code ${exitCode}`
  return `The gate "${name}" ${how}.`
}

function verdictOfAgent(agent: AgentEnd): Verdict {
  const { reason, message } = agent.failure ?? { reason: 'AgentError', message: agentError(agent) }
  return failed(reason, message)
}

function verdictOfNothing({ deniedTools = [] }: AgentEnd): Verdict {
  if (deniedTools.length === 0)
    return failed('NoChanges', 'The branch does not differ from its base: nothing was done.')
  return failed(
    'ToolsDenied',
    `The branch does not differ from its base, and the agent was refused tools: ${[...new Set(deniedTools)].join(', ')}.`,
  )
}

function agentError({ exitCode, signal }: AgentEnd): string {
  return signal === null ? `The agent ended with exit code ${exitCode ?? '?'}.` : `The agent was ended by ${signal}.`
}

function withSaveProblem(verdict: Verdict, problem: Problem | undefined): Verdict {
  return problem === undefined
    ? verdict
    : {
        ...verdict,
        message: `${verdict.message} Its work could not be saved: ${asSentence(problem.message)}`,
      }
}

function asSentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
