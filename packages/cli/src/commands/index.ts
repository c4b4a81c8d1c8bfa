import type { Command } from 'commander'
import type { CliContext } from '../context.ts'
import { registerAgents } from './agents.ts'
import { registerBackup } from './backup.ts'
import { registerCompletion } from './completion.ts'
import { registerConfig } from './config.ts'
import { registerDeadLetters } from './deadletters/index.ts'
import { registerDemo } from './demo.ts'
import { registerDoctor } from './doctor.ts'
import { registerMan } from './man.ts'
import { registerMcp } from './mcp.ts'
import { registerRebuild } from './rebuild.ts'
import { registerRestore } from './restore.ts'
import { registerTask } from './task/index.ts'
import { registerTemplates } from './templates/index.ts'
import { registerTokens } from './tokens/index.ts'
import { registerUp } from './up.ts'

/** Adds one command to the program. */
export type RegisterCommand = (program: Command, context: CliContext) => void

/** All commands, in the order of the help. */
export const COMMANDS: readonly RegisterCommand[] = [
  registerUp,
  registerTask,
  registerDeadLetters,
  registerRebuild,
  registerBackup,
  registerRestore,
  registerTokens,
  registerMcp,
  registerDoctor,
  registerConfig,
  registerAgents,
  registerTemplates,
  registerCompletion,
  registerMan,
  registerDemo,
]
