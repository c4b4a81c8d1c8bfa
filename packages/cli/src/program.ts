import { isAbort } from '@orchestrator/shared/core'
import { Command, CommanderError } from 'commander'
import { COMMANDS } from './commands/index.ts'
import type { CliContext } from './context.ts'
import { EXIT, EXIT_CODE_HELP, type ExitCode, exitCodeOfError } from './exit-codes.ts'
import { describeFailure, errorToJson } from './output/describe-error.ts'
import { toJsonLine } from './output/machine.ts'

/** Everything but the code to end with, which a run finds out. */
export type CliWorld = Omit<CliContext, 'exitWith'>

/** Runs one command line to its end. Never throws: what goes wrong is told on standard error and in the exit code. */
export async function runCli(args: readonly string[], world: CliWorld): Promise<ExitCode> {
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

function createProgram(context: CliContext): Command {
  const { environment, screen } = context
  const program = new Command(environment.ORCHESTRATOR_COMMAND)
    .description('Has coding agents implement tasks, proves what they did, and keeps the ledger of it.')
    .showHelpAfterError('(add --help for the options and examples)')
    .addHelpText('after', `\n${EXIT_CODE_HELP}`)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => screen.print(text.replace(/\n$/, '')),
      writeErr: (text) => screen.warn(text.replace(/\n$/, '')),
      getOutHelpWidth: () => screen.width,
      getErrHelpWidth: () => screen.width,
    })
  for (const register of COMMANDS) register(program, context)
  return program
}

/** The command line may be what is wrong, so it is looked at as it is. */
function wantsJson(args: readonly string[]): boolean {
  return args.some(
    (arg, index) =>
      /^(-o|--output=)json$/.test(arg) || (arg === 'json' && /^(-o|--output)$/.test(args[index - 1] ?? '')),
  )
}
