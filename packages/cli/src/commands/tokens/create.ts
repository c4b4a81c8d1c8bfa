import { parseSpan } from '@orchestrator/client/texts'
import { type Scope, SCOPES } from '@orchestrator/shared/contracts'
import { TerminalError } from '@orchestrator/shared/core'
import { type Command, Option } from 'commander'
import type { CliContext } from '../../context.ts'
import { toJsonLine } from '../../output/machine.ts'
import { collect, connect, type ServerOptions, withExamples, withServerOptions } from '../options.ts'

interface CreateFlags extends ServerOptions {
  readonly scope: readonly Scope[]
  readonly service?: readonly string[]
  readonly expires?: string
}

export function registerCreate(tokens: Command, context: CliContext): void {
  const scope = new Option('--scope <scopes...>', 'what it may do; none but admin includes another')
  const command = tokens
    .command('create')
    .description('make a token and print it, once: it is kept nowhere')
    .argument('<name>', 'whose it is: the ledger names it')
    .addOption(scope.choices(SCOPES).makeOptionMandatory())
    .option('--service <name>', 'only for this service; may be repeated', collect)
    .option('--expires <when>', 'a day such as 2027-01-31, a time, or how long from now: 90d, 12h')
    .action(async (name: string, flags: CreateFlags) => {
      const { screen, clock, environment } = context
      const body = {
        name,
        scopes: flags.scope,
        ...(flags.service === undefined ? {} : { services: flags.service }),
        ...(flags.expires === undefined ? {} : { expiresAt: parseWhen(flags.expires, clock.now()) }),
      }
      const client = await connect(context, flags)
      const answer = await client.createToken({ body })
      if (flags.output === 'json') return screen.print(toJsonLine(answer))
      screen.print(answer.token)
      screen.warn(
        `It is not shown again. Give it to ${name} in a file: ${environment.ORCHESTRATOR_COMMAND} … --token-file <file>`,
      )
    })
  withExamples(withServerOptions(command), context, [
    'tokens create alice --scope read submit operate > alice.token',
    'tokens create ci-trader --scope submit --service trader --expires 90d',
    'tokens create lead --scope admin -o json',
  ])
}

/** @throws TerminalError INPUT_INVALID */
function parseWhen(text: string, now: Date): string {
  if (!/^\d{4}-\d\d-\d\d/.test(text)) return new Date(now.getTime() + parseSpan(text)).toISOString()
  const time = new Date(text)
  if (!Number.isNaN(time.getTime())) return time.toISOString()
  throw new TerminalError('INPUT_INVALID', `--expires ${JSON.stringify(text)} is no day or time: use 2027-01-31 or 90d`)
}
