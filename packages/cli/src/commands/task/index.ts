import type { Command } from 'commander'
import type { CliContext } from '../../context.ts'
import { withExamples } from '../options.ts'
import { registerList } from './list.ts'
import { registerLogs } from './logs.ts'
import { registerRelease } from './release.ts'
import { registerRetry } from './retry.ts'
import { registerStatus } from './status.ts'
import { registerStop } from './stop.ts'
import { registerSubmit } from './submit.ts'
import { registerWait } from './wait.ts'

export function registerTask(program: Command, context: CliContext): void {
  const task = program.command('task').description('submit tasks, follow them, stop them')
  withExamples(task, context, ['task submit trader 1 --wait', 'task logs trader 1 -f', 'task list'])
  for (const register of [
    registerSubmit,
    registerRetry,
    registerStatus,
    registerList,
    registerLogs,
    registerWait,
    registerStop,
    registerRelease,
  ]) {
    register(task, context)
  }
}
