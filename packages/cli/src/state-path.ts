import { homedir } from 'node:os'
import { isAbsolute, join, resolve } from 'node:path'
import type { CliEnvironment } from './config.ts'

export interface StatePathOptions {
  /** As given with `--state-dir`. */
  readonly given: string | undefined
  readonly environment: Pick<CliEnvironment, 'ORCHESTRATOR_STATE_DIR' | 'XDG_STATE_HOME' | 'HOME'>
  readonly cwd: string
}

/** Where `up` keeps everything, and clients on the same machine find it: an absolute path. */
export function statePath({ given, environment, cwd }: StatePathOptions): string {
  const chosen = given ?? environment.ORCHESTRATOR_STATE_DIR
  if (chosen !== undefined) return resolve(cwd, chosen)
  const { XDG_STATE_HOME: xdg, HOME: home } = environment
  // The base directory specification has relative paths ignored.
  const base = xdg !== undefined && isAbsolute(xdg) ? xdg : join(isAbsolute(home) ? home : homedir(), '.local/state')
  return join(base, 'orchestrator')
}
