import { resolve } from 'node:path'
import process from 'node:process'
import { createLogger } from '@orchestrator/shared/service'
import { type Command, Option } from 'commander'
import packageJson from '../../package.json' with { type: 'json' }
import type { CliContext } from '../context.ts'
import { commandForPeople, mcpConfiguration, mcpHttpConfiguration } from '../mcp-configuration.ts'
import { findPlatformCheckout, platformFields } from '../platform-checkout.ts'
import { statePath } from '../state-path.ts'
import { LOG_LEVELS, openClient, type ServerAddress, withExamples, withServerAddress } from './options.ts'

/** Where `up` listens unless it is told otherwise. */
const USUAL_URL = 'http://127.0.0.1:7070'

interface McpFlags extends ServerAddress {
  readonly logLevel: string
}

export function registerMcp(program: Command, context: CliContext): void {
  const command = program
    .command('mcp')
    .description('serve the tools for models by the Model Context Protocol on standard input and output')
    .addOption(new Option('--log-level <level>', 'of the log on standard error').choices(LOG_LEVELS).default('warn'))
    .action(async (flags: McpFlags) => {
      if (context.interactive) context.screen.warn(forPeople(context, flags))
      await serve(context, flags)
    })
  withExamples(withServerAddress(command), context, [
    'mcp',
    'mcp --state-dir ./state',
    'mcp --server http://host:7070 --token-file token',
  ])
  command.addHelpText('after', () => `\n${howToRegister(context, {})}`)
}

async function serve(called: CliContext, flags: McpFlags): Promise<void> {
  const { cwd, clock, stdin, signal } = called
  const place = flags.stateDir === undefined ? {} : { stateDir: flags.stateDir }
  const from = { command: called.environment.ORCHESTRATOR_COMMAND, cwd }
  // What starts a server is told without the address of one.
  const environment = { ...called.environment, ORCHESTRATOR_COMMAND: commandForPeople(from, place) }
  const context = { ...called, environment }
  // Here and not above: only this command needs it.
  const { serveOverStdio, TOOL_PATIENCE_MS } = await import('@orchestrator/mcp')
  const dependencies = {
    version: packageJson.version,
    command: commandForPeople(from, flags),
    clock,
    patienceMs: TOOL_PATIENCE_MS,
    closing: signal,
    logger: createLogger({ name: 'mcp', level: flags.logLevel, destination: process.stderr }),
    connect: async (asked: AbortSignal) => await openClient(context, flags, { door: 'mcp', signal: asked }),
    findPlatform: async (asked: AbortSignal) => {
      const { checkout } = await findPlatformCheckout({ cwd, environment, signal: asked })
      return checkout === undefined ? undefined : platformFields(checkout)
    },
  }
  await serveOverStdio(dependencies, { stdin, stdout: process.stdout }, signal)
}

function forPeople(context: CliContext, flags: McpFlags): string {
  return `This speaks JSON-RPC with a program; Ctrl-C ends it. ${howToRegister(context, flags)}`
}

function howToRegister({ environment, cwd }: CliContext, { stateDir, server, tokenFile }: ServerAddress): string {
  const { claudeCommand, json } = mcpConfiguration({
    command: environment.ORCHESTRATOR_COMMAND,
    cwd,
    home: environment.HOME,
    stateDirectory: statePath({ given: stateDir, environment, cwd }),
    server,
    tokenFile: tokenFile === undefined ? undefined : resolve(cwd, tokenFile),
  })
  // Whether a token is needed is for whoever runs the server to say.
  const http = mcpHttpConfiguration({ url: server ?? USUAL_URL, needsToken: true })
  return [
    `Register it in Claude Code:\n  ${claudeCommand}`,
    `In other clients, for example in .mcp.json:\n  ${json}`,
    `Or over HTTP, without this program; leave out the header where no token is needed:\n  ${http.claudeCommand}\n  ${http.json}`,
  ].join('\n')
}
