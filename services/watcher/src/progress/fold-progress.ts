/** What people see of a running attempt, folded from its lines. */
import { type Step, type Usage, RunnerLine } from '@orchestrator/shared/contracts'
import { cutToJsonBytes } from '../json-size.ts'

export interface RunnerProgress {
  readonly step: Step | undefined
  /** What the runner said about the step. */
  readonly message: string | undefined
  readonly usage: Usage | undefined
  readonly lastText: string | undefined
  /** Newest last. */
  readonly lastActions: readonly string[]
}

export const NO_PROGRESS: RunnerProgress = {
  step: undefined,
  message: undefined,
  usage: undefined,
  lastText: undefined,
  lastActions: [],
}

const MAX_ACTIONS = 5
const ACTION_BYTES = 300
const TEXT_BYTES = 2000
const MESSAGE_BYTES = 500
const TELLING_KINDS: ReadonlySet<unknown> = new Set<RunnerLine['kind']>(['step', 'usage', 'text', 'tool', 'note'])

/** `line` is as the runner wrote it; kinds that tell nothing, or that a newer runner writes, change nothing. */
export function foldLine(progress: RunnerProgress, line: object): RunnerProgress {
  // Most lines are the agent's output: they are passed over before the whole schema is tried.
  if (!('kind' in line) || !TELLING_KINDS.has(line.kind)) return progress
  const parsed = RunnerLine.safeParse(line)
  return parsed.success ? fold(progress, parsed.data) : progress
}

function fold(progress: RunnerProgress, line: RunnerLine): RunnerProgress {
  switch (line.kind) {
    case 'step':
      return { ...progress, step: line.step, message: cut(line.message, MESSAGE_BYTES) }
    case 'usage':
      return { ...progress, usage: line.usage }
    case 'text':
      return { ...progress, lastText: cutToJsonBytes(line.text, TEXT_BYTES) }
    case 'tool':
      return withAction(progress, line.summary === '' ? line.tool : `${line.tool}: ${line.summary}`)
    case 'note':
      return withAction(progress, line.level === 'info' ? line.text : `${line.level}: ${line.text}`)
    default:
      return progress
  }
}

function withAction(progress: RunnerProgress, action: string): RunnerProgress {
  const lastActions = [...progress.lastActions, cutToJsonBytes(action, ACTION_BYTES)].slice(-MAX_ACTIONS)
  return { ...progress, lastActions }
}

function cut(text: string | undefined, maxBytes: number): string | undefined {
  return text === undefined ? undefined : cutToJsonBytes(text, maxBytes)
}
