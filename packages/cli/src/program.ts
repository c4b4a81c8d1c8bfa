import { isAbort } from '@orchestrator/shared/core'
import { Command, CommanderError } from 'commander'
import { addGlobalOptions, applyGlobalOptions } from './commands/global-options.ts'
import { COMMANDS } from './commands/index.ts'
import { withExamples } from './commands/options.ts'
import { usePager } from './commands/paging.ts'
import type { CliContext } from './context.ts'
import { addEarlierCommands, isEarlierCommand } from './earlier/commands.ts'
import { addEarlierFlags, applyEarlierFlags } from './earlier/flags.ts'
import { EXIT, EXIT_TEXTS, type ExitCode, exitCodeOfError } from './exit-codes.ts'
import { describeFailure, errorToJson } from './output/describe-error.ts'
import { toJsonLine } from './output/machine.ts'
import { exitsOf } from './reference/exits.ts'

/** Everything but the code to end with, which a run finds out. */
export type CliWorld = Omit<CliContext, 'exitWith'>

/** Runs one command line to its end. Never throws: what goes wrong is told on standard error and in the exit code. */
export async function runCli(args: readonly string[], world: CliWorld): Promise<ExitCode> {
  const { screen } = world
  const code = await runCommand(args, world)
  const hasSeenEnough = screen.left.aborted
  await screen.end()
  return hasSeenEnough ? EXIT.ok : code
}

async function runCommand(args: readonly string[], world: CliWorld): Promise<ExitCode> {
  const { screen, signal } = world
  let code: ExitCode = EXIT.ok
  const exitWith = (chosen: ExitCode): void => {
    code = chosen
  }
  try {
    await createProgram({ ...world, exitWith }).parseAsync(args, { from: 'user' })
    return code
  } catch (error) {
    screen.show([])
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage
    if (isAbort(error, signal)) return EXIT.interrupted
    screen.warn(wantsJson(args) ? toJsonLine(errorToJson(error)) : describeFailure(error))
    return exitCodeOfError(error)
  }
}

/** The whole tree of commands: what help, completion and manual are made from. */
export function createProgram(context: CliContext): Command {
  const { environment, screen } = context
  const program = new Command(environment.ORCHESTRATOR_COMMAND)
    .description('Has coding agents implement tasks, proves what they did, and keeps the ledger of it.')
    .showHelpAfterError('(add --help for the options and examples)')
    .addHelpText('afterAll', ({ command }) => describeExits(command))
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => screen.print(text.replace(/\n$/, '')),
      writeErr: (text) => screen.warn(text.replace(/\n$/, '')),
      getOutHelpWidth: () => screen.width,
      getErrHelpWidth: () => screen.width,
    })
  withExamples(program, context, ['up --config settings.json', 'task submit trader 1 --wait', 'task submit --help'])
  for (const register of COMMANDS) register(program, context)
  for (const command of allCommands(program)) {
    addGlobalOptions(command)
    addEarlierFlags(command, pathOf(command))
  }
  addEarlierCommands(program, context, async (args) => {
    await createProgram(context).parseAsync(args, { from: 'user' })
  })
  return program.hook('preAction', async (_program, command) => {
    // What stood before it goes on to today's command, whose turn comes.
    if (isEarlierCommand(pathOf(command))) return
    applyGlobalOptions(command, screen)
    applyEarlierFlags(command, pathOf(command), screen)
    await usePager(command, context)
  })
}

function allCommands(command: Command): readonly Command[] {
  return [command, ...command.commands.flatMap(allCommands)]
}

/** Its names, below the program's. */
function pathOf(command: Command): readonly string[] {
  return command.parent === null ? [] : [...pathOf(command.parent), command.name()]
}

/** With the help of whatever can be run; a group of commands ends as its commands do. */
function describeExits(command: Command): string {
  if (command.parent !== null && command.commands.length > 0) return ''
  const lines = exitsOf(command).map((name) => `  ${String(EXIT[name]).padEnd(3)}  ${EXIT_TEXTS[name]}`)
  return `\nExit codes:\n${lines.join('\n')}`
}

/** The command line may be what is wrong, so it is looked at as it is. */
function wantsJson(args: readonly string[]): boolean {
  return args.some(
    (arg, index) =>
      /^(-o|--output=)(json|yaml)$/.test(arg) ||
      (/^(json|yaml)$/.test(arg) && /^(-o|--output)$/.test(args[index - 1] ?? '')),
  )
}
