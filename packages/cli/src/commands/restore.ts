import { resolve } from 'node:path'
import type { Command } from 'commander'
import { restoreBackup } from '../backup/restore-backup.ts'
import type { CliContext } from '../context.ts'
import { describeRestored } from '../output/describe-backup.ts'
import { toJsonLine } from '../output/machine.ts'
import { logOnScreen, showProgress } from '../output/show-progress.ts'
import { statePath } from '../state-path.ts'
import { outputOption, withExamples } from './options.ts'

interface RestoreFlags {
  readonly stateDir: string
  readonly output: 'text' | 'json'
}

export function registerRestore(program: Command, context: CliContext): void {
  const { environment, cwd, screen, signal } = context
  const command = program
    .command('restore')
    .description(
      'make the ledger of a backup the ledger of a state directory that has none; the installation that was backed up must be stopped',
    )
    .argument('<folder>', 'a folder that "backup" has written')
    .requiredOption('--state-dir <path>', 'state directory to restore to')
    .addOption(outputOption())
    .action(async (folder: string, flags: RestoreFlags) => {
      const stateDirectory = statePath({ given: flags.stateDir, environment, cwd })
      const restored = await restoreBackup({
        backup: resolve(cwd, folder),
        stateDirectory,
        brokerBinary: environment.ORCHESTRATOR_NATS_SERVER ?? 'nats-server',
        logger: logOnScreen(screen),
        onProgress: showProgress(screen),
        signal,
      })
      screen.show([])
      const start = `${environment.ORCHESTRATOR_COMMAND} up`
      screen.print(
        flags.output === 'json'
          ? toJsonLine({ stateDirectory, ...restored })
          : describeRestored(restored, { stateDirectory, start }),
      )
    })
  withExamples(command, context, ['restore /backups/monday --state-dir ~/.local/state/orchestrator'])
}
