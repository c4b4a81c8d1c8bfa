/** What agents wrote down themselves: none runs twice, no two in one workspace. Pure. */
import type { AgentMark, Breach, History } from '../history.ts'
import type { LedgerReading } from './attempts.ts'

export function checkAgents({ marks, kills }: History, ledger: LedgerReading): readonly Breach[] {
  return [
    ...agentsRunOnce(marks, ledger),
    ...workspacesServeOne(marks, new Set([...kills.map(({ submittedId }) => submittedId), ...stopped(ledger)])),
  ]
}

function stopped({ bySubmittedId }: LedgerReading): readonly string[] {
  return [...bySubmittedId].filter(([, { stops }]) => stops.length > 0).map(([submittedId]) => submittedId)
}

function agentsRunOnce(marks: readonly AgentMark[], ledger: LedgerReading): Breach[] {
  const begun = Map.groupBy(
    marks.filter(({ what }) => what === 'begin'),
    ({ submittedId }) => submittedId,
  )
  return [...begun].flatMap(([submittedId, all]) => {
    const attempt = ledger.bySubmittedId.get(submittedId)
    const name = attempt?.name ?? submittedId
    const breaches: Breach[] = []
    if (all.length > 1) {
      breaches.push({
        rule: 'no agent runs twice',
        detail: `${name}: processes ${all.map(({ pid }) => pid).join(', ')}`,
      })
    }
    if (attempt === undefined || attempt.started.length === 0) {
      breaches.push({ rule: 'no agent runs before its start is in the ledger', detail: name })
    }
    return breaches
  })
}

/** Who was killed or stopped leaves no `end`; whether it still lived then, the next one has looked. */
function workspacesServeOne(marks: readonly AgentMark[], killed: ReadonlySet<string | undefined>): Breach[] {
  const rule = 'one workspace, one attempt at a time'
  const open = new Map<string, string>()
  return marks.flatMap(({ what, submittedId, service }) => {
    const before = open.get(service)
    if (what === 'overlap')
      return { rule, detail: `${submittedId} found a living agent in the workspace of ${service}` }
    if (what === 'end') {
      if (before === submittedId) open.delete(service)
      return []
    }
    open.set(service, submittedId)
    const overlaps = before !== undefined && before !== submittedId && !killed.has(before)
    return overlaps ? { rule, detail: `${submittedId} began in ${service} before ${before} had ended` } : []
  })
}
