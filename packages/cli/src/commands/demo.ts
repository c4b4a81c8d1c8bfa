import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Command } from 'commander'
import type { CliContext } from '../context.ts'
import { runDemo } from '../demo/run-demo.ts'
import { EXIT } from '../exit-codes.ts'
import { withExamples } from './options.ts'

export function registerDemo(program: Command, context: CliContext): void {
  const { environment, screen, signal, exitWith } = context
  const command = program
    .command('demo')
    .description('run real tasks end to end in a folder of their own: a failed gate, a retry, a second task')
    .option('--keep', 'leave the folder there to look around')
    .action(async ({ keep }: { readonly keep?: boolean }) => {
      const directory = await mkdtemp(join(tmpdir(), 'orchestrator-demo-'))
      try {
        const asExpected = await runDemo({
          directory,
          program: environment.ORCHESTRATOR_COMMAND,
          print: (line) => screen.print(line),
          signal,
        })
        if (asExpected) return
        screen.warn('The demonstration went otherwise than it should: see above.')
        exitWith(EXIT.failed)
      } finally {
        if (keep === true) screen.print(`Kept: ${directory}`)
        else await rm(directory, { recursive: true, force: true })
      }
    })
  withExamples(command, context, ['demo', 'demo --keep'])
}
