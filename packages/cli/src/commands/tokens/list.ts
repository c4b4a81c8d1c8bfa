import type { Command } from 'commander'
import type { CliContext } from '../../context.ts'
import { describeTokens } from '../../output/describe-token.ts'
import { toJsonLine } from '../../output/machine.ts'
import { connect, type ServerOptions, withExamples, withServerOptions } from '../options.ts'
import { withPager } from '../paging.ts'

export function registerList(tokens: Command, context: CliContext): void {
  const command = tokens
    .command('list')
    .description('list all tokens, revoked and expired ones too')
    .action(async (flags: ServerOptions) => {
      const { screen, environment } = context
      const client = await connect(context, flags)
      const list = await client.listTokens()
      const text = { list, paint: screen.paint, command: environment.ORCHESTRATOR_COMMAND }
      screen.print(flags.output === 'json' ? toJsonLine(list) : describeTokens(text))
    })
  withExamples(withPager(withServerOptions(command)), context, ['tokens list', 'tokens list -o json'])
}
