import type { DocumentsReport, RebuildStatus, ViewReport } from '@orchestrator/client'
/** How a rebuild stands, as people read it. Pure. */
import { formatDuration, plural } from '@orchestrator/client/texts'
import { printableLine } from '@orchestrator/shared/core'

/** One line for each that is at work. */
export function describeRebuild({ views, documents }: RebuildStatus): readonly string[] {
  return [
    ...views.map((view, i) => `view ${i + 1} of ${views.length}: ${progressOf(view)}`),
    ...(documents === null ? [] : [`documents: ${documents.state === 'running' ? part(documents) : documents.state}`]),
  ]
}

function progressOf(view: ViewReport): string {
  return view.current ? 'current' : part(view)
}

function part({ sequence, of }: Pick<ViewReport, 'sequence' | 'of'>): string {
  const percent = of === 0 ? 0 : Math.floor((Math.min(sequence, of) / of) * 100)
  return `${sequence} of ${of} events (${percent} %)`
}

export function describeRebuilt({ views, documents }: RebuildStatus, tookMs: number): string {
  const sequence = Math.max(0, ...views.map((view) => view.sequence))
  const head = `${plural(views.length, 'view')} current at sequence ${sequence}, after ${formatDuration(tookMs)}.`
  const told = 'Launchers and watchers say again where live attempts stand.'
  return [head, told, ...(documents === null ? [] : [describeDocuments(documents)])].join('\n')
}

function describeDocuments({ state, written, problem }: DocumentsReport): string {
  if (state === 'failed') return `Documents: failed: ${printableLine(problem ?? '')}`
  const { workspaces, slots, branches } = written
  const sum = workspaces + slots + branches
  return sum === 0
    ? 'Documents: all as the ledger has them, nothing was written.'
    : `Documents written: ${plural(workspaces, 'workspace')}, ${plural(slots, 'slot')}, ${branches} branch claim${branches === 1 ? '' : 's'}.`
}
