import type { Command } from 'commander'
import type { CliContext } from '../../context.ts'
import { withExamples } from '../options.ts'
import { registerCreate } from './create.ts'
import { registerList } from './list.ts'
import { registerRevoke } from './revoke.ts'

export function registerTokens(program: Command, context: CliContext): void {
  const tokens = program.command('tokens').description('say who may use the HTTP API, and for what')
  withExamples(tokens, context, ['tokens create alice --scope read submit', 'tokens list', 'tokens revoke alice'])
  for (const register of [registerCreate, registerList, registerRevoke]) register(tokens, context)
}
