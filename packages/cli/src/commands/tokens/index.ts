import type { Command } from 'commander'
import type { CliContext } from '../../context.ts'
import { registerCreate } from './create.ts'
import { registerList } from './list.ts'
import { registerRevoke } from './revoke.ts'

export function registerTokens(program: Command, context: CliContext): void {
  const tokens = program.command('tokens').description('say who may use the HTTP API, and for what')
  for (const register of [registerCreate, registerList, registerRevoke]) register(tokens, context)
}
