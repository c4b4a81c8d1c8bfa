import type { Readable } from 'node:stream'
import type { Clock } from '@orchestrator/shared/core'
import type { CliEnvironment } from './config.ts'
import type { ExitCode } from './exit-codes.ts'
import type { Screen } from './output/screen.ts'

/** What every command is given; nothing else of the process is touched. */
export interface CliContext {
  readonly environment: CliEnvironment
  readonly cwd: string
  readonly stdin: Readable
  /** A person sits at both ends: questions make sense. */
  readonly interactive: boolean
  readonly screen: Screen
  readonly clock: Clock
  /** Aborted by Ctrl-C and SIGTERM. */
  readonly signal: AbortSignal
  /** How the program ends when the command is done; `ok` when nobody says. */
  readonly exitWith: (code: ExitCode) => void
}
