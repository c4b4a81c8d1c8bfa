import { join } from 'node:path'
import { TerminalError } from '@orchestrator/shared/core'
import { toolsOf } from '../../agents/programs.ts'
import type { CliContext } from '../../context.ts'
import { findProgram } from '../../doctor/machine-checks.ts'
import { statePath } from '../../state-path.ts'

/**
 * Absolute path of Claude Code: named in `ORCHESTRATOR_CLAUDE`, on the PATH, or installed by `agents install`.
 * @throws TerminalError TOOLS_UNAVAILABLE that says how to install it
 */
export async function findClaude({ environment, cwd }: Pick<CliContext, 'environment' | 'cwd'>): Promise<string> {
  const installed = join(toolsOf(statePath({ given: undefined, environment, cwd })), 'bin')
  const place = await findProgram(environment.ORCHESTRATOR_CLAUDE ?? 'claude', {
    path: `${environment.PATH}:${installed}`,
    cwd,
  })
  if (place !== undefined) return place
  throw new TerminalError(
    'TOOLS_UNAVAILABLE',
    `Claude Code is not installed: run "${environment.ORCHESTRATOR_COMMAND} agents install claude", which names its size and licence first`,
  )
}
