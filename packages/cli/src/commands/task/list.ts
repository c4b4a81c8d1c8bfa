import { Phase, type TaskPage, type Usage } from '@orchestrator/shared/contracts'
import { printableLine } from '@orchestrator/shared/core'
import { type Command, Option } from 'commander'
import type { CliContext } from '../../context.ts'
import { elapsed, paintPhase } from '../../output/describe-attempt.ts'
import { toJsonLine } from '../../output/machine.ts'
import { formatTable } from '../../output/table.ts'
import { connect, parseCount, type ServerOptions, withExamples, withServerOptions } from '../options.ts'

interface ListFlags extends ServerOptions {
  readonly service?: string
  readonly phase?: string
  readonly agent?: string
  readonly tag?: string
  readonly limit: number
  readonly cursor?: string
}

export function registerList(task: Command, context: CliContext): void {
  const command = task
    .command('list')
    .description('list tasks with their latest attempts, most recently submitted first')
    .option('--service <service>', 'only of this service')
    .addOption(new Option('--phase <phase>', 'only in this phase').choices(Phase.options))
    .option('--agent <agent>', 'only by this agent')
    .option('--tag <tag>', 'only of this task list')
    .option('--limit <count>', 'at most so many', parseCount, 20)
    .option('--cursor <cursor>', 'go on where an earlier list ended')
    .action(async (flags: ListFlags) => {
      const { service, phase, agent, tag, limit, cursor } = flags
      const client = await connect(context, flags)
      const page = await client.tasks({ service, phase, agent, tag, limit, cursor })
      context.screen.print(flags.output === 'json' ? toJsonLine(page) : describeTasks(page, context))
    })
  withExamples(withServerOptions(command), context, [
    'task list',
    'task list --service trader --phase Failed',
    'task list --limit 100 -o json',
  ])
}

function describeTasks({ tasks, next }: TaskPage, { screen, clock, environment }: CliContext): string {
  const { paint } = screen
  if (tasks.length === 0)
    return `No tasks. Submit one with: ${environment.ORCHESTRATOR_COMMAND} task submit <service> <taskId>`
  const header = ['SERVICE', 'TASK', 'TAG', 'ATTEMPT', 'PHASE', 'TIME', 'COST', 'AGENT', 'NAME'].map((title) =>
    paint('dim', title),
  )
  const rows = tasks.map(({ service, taskId, tag, latest }) => [
    service,
    taskId,
    tag,
    String(latest.n),
    paintPhase(latest.phase, paint) + (latest.reason === null ? '' : ` (${printableLine(latest.reason)})`),
    elapsed(latest, clock.now()),
    describeCost(latest.usage),
    latest.agent,
    latest.name,
  ])
  const isBusy = tasks.some(({ latest }) => latest.reason === 'WorkspaceBusy')
  const hint = !isBusy
    ? ''
    : `\nWorkspaceBusy: see what may still run with: ${environment.ORCHESTRATOR_COMMAND} task release`
  const more = next === null ? '' : `\nMore with: --cursor ${printableLine(next)}`
  return formatTable([header, ...rows]) + hint + more
}

function describeCost(usage: Usage | null): string {
  return usage === null || usage.costUsd === null ? '-' : `$${usage.costUsd.toFixed(2)}`
}
