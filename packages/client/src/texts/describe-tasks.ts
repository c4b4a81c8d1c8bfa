/** A list of tasks as people read it. Pure. */
import { printableLine } from '@orchestrator/shared/core'
import type { TaskPage, Usage } from '../generated/api.ts'
import { elapsed, paintPhase } from './describe-attempt.ts'
import type { Paint } from './paint.ts'
import { formatTable } from './table.ts'
import type { Ways } from './ways.ts'

export interface TasksText {
  readonly page: TaskPage
  readonly now: Date
  readonly paint: Paint
  readonly ways: Ways
}

export function describeTasks({ page: { tasks, next }, now, paint, ways }: TasksText): string {
  if (tasks.length === 0) return `No tasks. Submit one with: ${ways.submit()}`
  const header = ['SERVICE', 'TASK', 'TAG', 'ATTEMPT', 'PHASE', 'TIME', 'COST', 'AGENT', 'NAME'].map((title) =>
    paint('dim', title),
  )
  const rows = tasks.map(({ service, taskId, tag, latest }) => [
    service,
    taskId,
    tag,
    String(latest.n),
    paintPhase(latest.phase, paint) + (latest.reason === null ? '' : ` (${printableLine(latest.reason)})`),
    elapsed(latest, now),
    describeCost(latest.usage),
    latest.agent,
    latest.name,
  ])
  const isBusy = tasks.some(({ latest }) => latest.reason === 'WorkspaceBusy')
  const hint = isBusy ? `\nWorkspaceBusy: see what may still run with: ${ways.busy()}` : ''
  const more = next === null ? '' : `\nMore with: ${ways.nextPage(printableLine(next))}`
  return formatTable([header, ...rows]) + hint + more
}

function describeCost(usage: Usage | null): string {
  return usage === null || usage.costUsd === null ? '-' : `$${usage.costUsd.toFixed(2)}`
}
