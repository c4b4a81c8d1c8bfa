import { resolve } from 'node:path'
import { Argument, type Command, InvalidArgumentError, Option } from 'commander'
import { installProgram } from '../agents/install-program.ts'
import { AGENT_PROGRAM_NAMES, AGENT_PROGRAMS, type AgentProgramName, toolsOf } from '../agents/programs.ts'
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
  withExamples(agents, context, ['agents install claude'])
  const command = agents
    .command('install')
    .description('install the program of an agent at the version that was tested, for attempts of this machine')
    .addArgument(
      new Argument('<agent>', AGENT_PROGRAM_NAMES.join(' or ')).choices(AGENT_PROGRAM_NAMES).argParser(parseProgram),
    )
    .option('--state-dir <path>', 'state directory of the "up" that will use it (else ORCHESTRATOR_STATE_DIR)')
    .addOption(new Option('--directory <path>', 'install into this folder for tools instead'))
    .option('-y, --yes', 'do not ask')
    .action(async (name: AgentProgramName, flags: InstallFlags) => {
      await install(context, name, flags)
    })
  withExamples(command, context, ['agents install claude', 'agents install codex --yes'])
}

function parseProgram(given: string): AgentProgramName {
  const known = AGENT_PROGRAM_NAMES.find((name) => name === given)
  if (known !== undefined) return known
  throw new InvalidArgumentError(
    `"${given}" cannot be installed from here: use ${AGENT_PROGRAM_NAMES.map((name) => `"${name}"`).join(' or ')}, or install it yourself and name its program`,
  )
}

async function install(
  context: CliContext,
  name: AgentProgramName,
  { yes, stateDir, directory }: InstallFlags,
): Promise<void> {
  const { environment, cwd, screen, signal } = context
  const tools =
    directory === undefined ? toolsOf(statePath({ given: stateDir, environment, cwd })) : resolve(cwd, directory)
  const { title, package: npmPackage, version, size, licence } = AGENT_PROGRAMS[name]
  // Said first, whoever answers and however: also a script's log shows what was agreed to.
  screen.warn(`${title} ${version}: npm package ${npmPackage}, about ${size}, into ${tools}`)
  screen.warn(`Licence: ${licence}`)
  if (yes !== true)
    await confirm(context, { text: 'Install it?', doing: `installing ${title}`, refused: 'not installed' })
  const { PATH: path, HOME: home } = environment
  screen.print(await installProgram({ name, tools, path, home, network: networkOf(environment), signal }))
}
