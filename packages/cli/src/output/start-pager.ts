import { spawn } from 'node:child_process'
import { findProgram } from '../doctor/machine-checks.ts'
import type { Pager } from './paged-writer.ts'
import { untilRoom } from './room.ts'

/**
 * Runs what a person has for a pager. Like every `PAGER` it is for a shell; what is shown goes through its input alone.
 * less is told to leave text with colours on the screen, and to be gone when all fits, unless LESS says otherwise.
 */
export function startPager(command: string): Pager {
  const script = `: "\${LESS=FRX}" "\${LV=-c}"; export LESS LV; ${command}`
  const child = spawn('sh', ['-c', script], { stdio: ['pipe', 'inherit', 'inherit'] })
  const { promise: left, resolve } = Promise.withResolvers<void>()
  child.on('error', () => resolve()).on('close', () => resolve())
  // Whoever leaves it has read enough.
  child.stdin.on('error', () => undefined)
  return {
    write: (text) => void child.stdin.write(text),
    room: () => untilRoom(child.stdin),
    end: () => void child.stdin.end(),
    left,
  }
}

export interface PagerChoice {
  /** As the environment has it. */
  readonly own: string | undefined
  readonly common: string | undefined
  readonly path: string
  readonly cwd: string
}

export interface ChosenPager {
  /** `undefined`: none. */
  readonly command: string | undefined
  /** Why it is not the one that was asked for. */
  readonly warning?: string
}

const USUAL = 'less'

/** `ORCHESTRATOR_PAGER`, `PAGER`, else `less`; `cat` is none. */
export async function choosePager({ own, common, path, cwd }: PagerChoice): Promise<ChosenPager> {
  const command = (own ?? common ?? USUAL).trim()
  if (command === '' || command === 'cat') return { command: undefined }
  const [program = ''] = command.split(/\s/)
  // What is no plain name is for the shell to find.
  if (!/^[\w./+-]+$/.test(program) || (await findProgram(program, { path, cwd })) !== undefined) return { command }
  if (own === undefined && common === undefined) return { command: undefined }
  const name = own === undefined ? 'PAGER' : 'ORCHESTRATOR_PAGER'
  return {
    command: undefined,
    warning: `${name} names ${JSON.stringify(program)}, which is not found: printed without it`,
  }
}
