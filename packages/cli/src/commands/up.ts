import { resolve } from 'node:path'
import { printableLine, TerminalError } from '@orchestrator/shared/core'
import { isLoopback } from '@orchestrator/submitter/config'
import { type Command, Option } from 'commander'
import { proxiesOf } from '../config.ts'
import type { CliContext } from '../context.ts'
import { credentialsDirectory, personHome } from '../git-places.ts'
import { mcpConfiguration, mcpHttpConfiguration } from '../mcp-configuration.ts'
import { statePath } from '../state-path.ts'
import type { RunningUp } from '../up/run-up.ts'
import { checkConfig } from './config.ts'
import { collect, LOG_LEVELS, parsePort, withExamples } from './options.ts'

interface UpFlags {
  readonly config?: string
  readonly check?: boolean
  readonly templates?: string
  readonly port: number
  readonly host: string
  readonly requireTokens?: boolean
  readonly allowHost?: readonly string[]
  readonly stateDir?: string
  readonly logLevel: (typeof LOG_LEVELS)[number]
}

export function registerUp(program: Command, context: CliContext): void {
  const { environment, cwd } = context
  const command = program
    .command('up')
    .description('run broker and services on this machine until Ctrl-C; attempts go on without it')
    .option(
      '--config <file>',
      'settings in YAML or JSON: services, defaults, limits, agents, channels (else SETTINGS_FILE)',
    )
    .option('--check', 'only check the settings file, and start nothing')
    .option('--templates <path>', 'your own templates (holds implementation/; else TEMPLATES_DIR)')
    .option('--port <number>', 'where the HTTP API listens; 0 for any free port', parsePort, 7070)
    .option('--host <address>', 'address it listens on; beyond this machine tokens are required', '127.0.0.1')
    .option('--allow-host <name>', 'name that requests may be sent to, besides that address; may be repeated', collect)
    .option('--require-tokens', 'ask for a token on this machine too')
    .option('--state-dir <path>', 'where everything is kept (else ORCHESTRATOR_STATE_DIR)')
    .addOption(new Option('--log-level <level>', 'of the log on standard error').choices(LOG_LEVELS).default('warn'))
    .action(async (flags: UpFlags) => {
      const settings = flags.config ?? environment.SETTINGS_FILE
      if (flags.check === true) return await checkFile(context, settings)
      const templates = flags.templates ?? environment.TEMPLATES_DIR
      // Here and not above: four services are no part of the other commands, which start in half the time without.
      const stateDirectory = statePath({ given: flags.stateDir, environment, cwd })
      const { runUp } = await import('../up/run-up.ts')
      await runUp(
        {
          stateDirectory,
          settingsFile: settings === undefined ? undefined : resolve(cwd, settings),
          templatesDirectory: templates === undefined ? undefined : resolve(cwd, templates),
          port: flags.port,
          host: flags.host,
          allowedHosts: flags.allowHost ?? [],
          requireTokens: flags.requireTokens === true || !isLoopback(flags.host),
          loginHome: personHome(environment),
          sshAgent: environment.SSH_AUTH_SOCK,
          proxies: proxiesOf(environment),
          credentialsDirectory: credentialsDirectory({ environment, cwd, stateDirectory }),
          logLevel: flags.logLevel,
          brokerBinary: environment.ORCHESTRATOR_NATS_SERVER ?? 'nats-server',
          onReady: (up) => announce(context, up),
        },
        context.signal,
      )
      context.screen.print('Stopped. Attempts that were running go on; the next "up" finds them.')
    })
  withExamples(command, context, [
    'up',
    'up --config orchestrator.yaml',
    'up --config orchestrator.yaml --check',
    'up --state-dir ./state --port 0',
    'up --host 0.0.0.0 --allow-host tasks.example.com',
  ])
}

async function checkFile(context: CliContext, file: string | undefined): Promise<void> {
  if (file === undefined)
    throw new TerminalError('INPUT_INVALID', '--check needs the file to check: name it with --config')
  await checkConfig(context, file, 'text')
}

function announce({ screen, environment, cwd }: CliContext, up: RunningUp): void {
  const { installation, stateDirectory, agents, tokenFile } = up
  const program = environment.ORCHESTRATOR_COMMAND
  screen.print(`${screen.paint('bold', 'Orchestrator is up')} at ${installation.url}`)
  screen.print(`  state   ${printableLine(stateDirectory)}`)
  screen.print(
    `  broker  pid ${installation.brokerPid}${installation.brokerAdopted ? ', still running from before and adopted' : ''}`,
  )
  screen.print(
    `  agents  ${agents.length === 0 ? 'none: name them in a settings file and pass --config' : agents.join(', ')}`,
  )
  if (tokenFile !== undefined) {
    screen.print(`  tokens  required; yours is in ${printableLine(tokenFile)}, others: ${program} tokens create --help`)
  }
  screen.print(
    'Agents run as processes of this user: evidence holds against a mistaken agent, not against a hostile one.',
  )
  const { claudeCommand, json } = mcpConfiguration({
    command: program,
    cwd,
    home: environment.HOME,
    stateDirectory,
    server: undefined,
    tokenFile: undefined,
  })
  screen.print(`Tools for a model: ${printableLine(claudeCommand)}`)
  screen.print(`  in other clients: ${printableLine(json)}`)
  const http = mcpHttpConfiguration({ url: installation.url, needsToken: tokenFile !== undefined })
  screen.print(`  over HTTP: ${printableLine(http.claudeCommand)}`)
  screen.print(`  in other clients: ${printableLine(http.json)}`)
  screen.print(`Next: ${program} task submit <service> <task id>, or ${program} doctor. Ctrl-C stops.`)
}
