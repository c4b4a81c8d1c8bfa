import { basename } from 'node:path'
import { printableLine } from '@orchestrator/shared/core'
import { Argument, type Command } from 'commander'
import { type Candidate, complete, type Completion } from '../completion/complete.ts'
import { candidatesFrom } from '../completion/from-server.ts'
import { completionScript, FILES, type Shell, SHELLS } from '../completion/scripts.ts'
import type { CliContext } from '../context.ts'
import { absoluteCommand } from '../mcp-configuration.ts'
import { openClient, withExamples } from './options.ts'

/** A person waits with a finger on the key. */
const SERVER_MS = 1000
/** What no shell takes for anything but a word: the names are somebody else's. */
const WORD = /^[\w@%+=:,./-]+$/

export function registerCompletion(program: Command, context: CliContext): void {
  const { screen, environment, cwd } = context
  const command = program
    .command('completion')
    .description('print a script that has a shell complete commands, options, and names that the server knows')
    .addArgument(new Argument('<shell>', 'the shell that will read it').choices(SHELLS))
    .action((shell: Shell) => {
      const path = absoluteCommand({ command: environment.ORCHESTRATOR_COMMAND, cwd })
      screen.print(completionScript(shell, { name: basename(path), program: path }))
    })
  withExamples(command, context, [
    'completion bash >> ~/.bashrc',
    'completion zsh > ~/.zsh/_orchestrator',
    'completion fish > ~/.config/fish/completions/orchestrator.fish',
  ])
  program
    .command('complete', { hidden: true })
    .argument('[words...]')
    .allowUnknownOption()
    .helpOption(false)
    .action(async (words: readonly string[]) => {
      const completion = complete(program, words)
      const candidates = [...completion.candidates, ...(await askServer(context, completion))]
      const { lead } = completion
      for (const { value, description } of candidates)
        if (WORD.test(value)) screen.print(`${lead}${value}\t${printableLine(description)}`)
      if (completion.sources.includes('files')) screen.print(FILES)
    })
}

/** Whatever goes wrong, the person goes on typing. */
async function askServer(context: CliContext, completion: Completion): Promise<readonly Candidate[]> {
  if (completion.sources.every((source) => source === 'files')) return []
  const { options } = completion
  const text = (long: string, name: string): Record<string, string> => {
    const value = options.get(long)
    return value === undefined ? {} : { [name]: value }
  }
  const address = {
    ...text('--server', 'server'),
    ...text('--state-dir', 'stateDir'),
    ...text('--token-file', 'tokenFile'),
  }
  const signal = AbortSignal.any([context.signal, AbortSignal.timeout(SERVER_MS)])
  try {
    return await candidatesFrom(await openClient(context, address, { door: 'cli', signal }), completion)
  } catch {
    return []
  }
}
