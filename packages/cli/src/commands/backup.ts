import { resolve } from 'node:path'
import type { Command } from 'commander'
import { takeBackup } from '../backup/take-backup.ts'
import type { CliContext } from '../context.ts'
import { describeBackup } from '../output/describe-backup.ts'
import { toJsonLine } from '../output/machine.ts'
import { logOnScreen, showProgress } from '../output/show-progress.ts'
import { statePath } from '../state-path.ts'
import { outputOption, withExamples } from './options.ts'

interface BackupFlags {
  readonly stateDir?: string
  readonly withLogs?: boolean
  readonly output: 'text' | 'json'
}

export function registerBackup(program: Command, context: CliContext): void {
  const { environment, cwd, screen, signal } = context
  const command = program
    .command('backup')
    .description('copy the ledger, tokens, deliveries and dead letters into a new folder, while everything runs')
    .argument('<folder>', 'where to: a folder that is not there yet; only you can read it')
    .option('--state-dir <path>', 'state directory of the installation (else ORCHESTRATOR_STATE_DIR)')
    .option('--with-logs', 'also the logs of attempts')
    .addOption(outputOption())
    .action(async (folder: string, flags: BackupFlags) => {
      const target = resolve(cwd, folder)
      const manifest = await takeBackup({
        target,
        stateDirectory: statePath({ given: flags.stateDir, environment, cwd }),
        withLogs: flags.withLogs === true,
        brokerBinary: environment.ORCHESTRATOR_NATS_SERVER ?? 'nats-server',
        logger: logOnScreen(screen),
        onProgress: showProgress(screen),
        signal,
      })
      screen.show([])
      screen.print(
        flags.output === 'json' ? toJsonLine({ folder: target, ...manifest }) : describeBackup(target, manifest),
      )
    })
  withExamples(command, context, [
    'backup /backups/monday',
    'backup /backups/monday --with-logs',
    'backup /backups/monday --state-dir ./state -o json',
  ])
}
