import { resolve } from 'node:path'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { CLAUDE_CODE, installClaudeCode, toolsOf } from '../agents/claude-code.ts'
import { networkOf } from '../config.ts'
import type { CliContext } from '../context.ts'
import { statePath } from '../state-path.ts'
import { confirm } from './confirm.ts'
import { withExamples } from './options.ts'

interface InstallFlags {
  readonly yes?: boolean
  readonly stateDir?: string
  readonly directory?: string
}

export function registerAgents(program: Command, context: CliContext): void {
  const agents = program.command('agents').description('programs of agents on this machine')
  const command = agents
    .command('install')
    .description('install the program of an agent at the version that was tested, for attempts of this machine')
    .argument('<agent>', 'claude', onlyClaude)
    .option('--state-dir <path>', 'state directory of the "up" that will use it (else ORCHESTRATOR_STATE_DIR)')
    .addOption(new Option('--directory <path>', 'install into this folder for tools instead'))
    .option('-y, --yes', 'do not ask')
    .action(async (_agent: string, flags: InstallFlags) => {
      await install(context, flags)
    })
  withExamples(command, context, ['agents install claude', 'agents install claude --yes'])
}

function onlyClaude(name: string): string {
  if (name === 'claude') return name
  throw new InvalidArgumentError(
    `"${name}" cannot be installed from here: use "claude", or install it yourself and name its program`,
  )
}

async function install(context: CliContext, { yes, stateDir, directory }: InstallFlags): Promise<void> {
  const { environment, cwd, screen, signal } = context
  const tools =
    directory === undefined ? toolsOf(statePath({ given: stateDir, environment, cwd })) : resolve(cwd, directory)
  const { package: name, version, size, licence } = CLAUDE_CODE
  // Said first, whoever answers and however: also a script's log shows what was agreed to.
  screen.warn(`Claude Code ${version}: npm package ${name}, about ${size}, into ${tools}`)
  screen.warn(`Licence: ${licence}`)
  if (yes !== true)
    await confirm(context, { text: 'Install it?', doing: 'installing Claude Code', refused: 'not installed' })
  screen.print(
    await installClaudeCode({
      tools,
      path: environment.PATH,
      home: environment.HOME,
      network: networkOf(environment),
      signal,
    }),
  )
}
