import { printableLine } from '@orchestrator/shared/core'
import type { Command } from 'commander'
import type { CliContext } from '../../context.ts'
import { toJsonLine } from '../../output/machine.ts'
import { connect, type ServerOptions, withExamples, withServerOptions } from '../options.ts'

export function registerRevoke(tokens: Command, context: CliContext): void {
  const command = tokens
    .command('revoke')
    .description('refuse a token from now on, for good; asked twice does no harm')
    .argument('<name>', 'as "tokens list" shows it')
    .action(async (name: string, flags: ServerOptions) => {
      const { screen } = context
      const client = await connect(context, flags)
      const view = await client.revokeToken({ path: { name } })
      const text = `${printableLine(view.name)} was revoked by ${printableLine(view.revokedBy ?? '-')} at ${printableLine(view.revokedAt ?? '-')}.`
      screen.print(flags.output === 'json' ? toJsonLine(view) : text)
    })
  withExamples(withServerOptions(command), context, ['tokens revoke ci-trader'])
}
