import type { ReleaseAnswer, Workspace, WorkspaceHolder } from '@orchestrator/client'
/** A workspace that waits for a person's word, as people read it. Pure. */
import { type Field, formatDuration, formatFields, formatTable, plural } from '@orchestrator/client/texts'
import { printableLine } from '@orchestrator/shared/core'

/** What a person is about to vouch for, and what that means. */
export function describeWorkspace(view: Workspace, now: Date): string {
  return [
    describeHold(view),
    formatFields([...holderFields(view.holder, now), ['Waiting', describeWaiting(view)]]),
    '',
    'By releasing it you vouch, in the ledger and for good, that no process and no pod of this workload runs any more.',
    'The next attempt gets the same workspace at once: whatever still runs would write into it together with it.',
    'Release it?',
  ].join('\n')
}

function describeHold({ workspace, state, holder }: Workspace): string {
  const attempt = holder?.attempt ?? ''
  if (state === 'Busy') return `${printableLine(workspace)} is busy: nothing proves that ${attempt} has left it.`
  return `${attempt} has not ended, and you say that its machine is gone for good: it will be ended as Unknown.`
}

function holderFields(holder: WorkspaceHolder | null, now: Date): readonly Field[] {
  if (holder === null) return []
  const { phase, workload, finishedAt } = holder
  const ago = finishedAt === null ? '' : ` (${formatDuration(now.getTime() - Date.parse(finishedAt))} ago)`
  return [
    [finishedAt === null ? 'Phase' : 'Ended', `${phase}${finishedAt === null ? '' : `, ${finishedAt}`}${ago}`],
    ['Workload', workload === null ? undefined : `${printableLine(workload.uid)} (${printableLine(workload.runtime)})`],
    ['Machine', workload === null ? undefined : printableLine(workload.location)],
  ]
}

function describeWaiting({ waiting, moreWaiting }: Workspace): string {
  const [first] = waiting
  if (first === undefined) return moreWaiting ? 'yes' : 'nobody'
  return `${plural(waiting.length, 'attempt')}${moreWaiting ? ' and more' : ''}, first ${first.attempt}`
}

export function describeRelease(answer: ReleaseAnswer, { waiting }: Workspace): string {
  const [next] = waiting
  return [
    printableLine(answer.message),
    formatFields([
      ['Workload', printableLine(answer.workloadUid)],
      ['Vouched', `${printableLine(answer.requestedBy.caller)} (${answer.requestedBy.door}), ${answer.at}`],
      ['Note', answer.note === null ? undefined : printableLine(answer.note)],
      ['Next', next?.attempt ?? 'nobody waits'],
    ]),
  ].join('\n')
}

/** Every workspace that waits for a person's word. */
export function describeBusy(workspaces: readonly Workspace[], command: string): string {
  if (workspaces.length === 0) return 'No workspace waits for a person to vouch for it.'
  const rows = workspaces.map(({ service, holder, waiting, moreWaiting }) => [
    service,
    holder?.attempt ?? '',
    holder?.finishedAt ?? '',
    `${waiting.length}${moreWaiting ? '+' : ''}`,
    printableLine(holder?.workload?.location ?? ''),
    printableLine(holder?.workload?.uid ?? ''),
  ])
  const table = formatTable([['SERVICE', 'ENDED ATTEMPT', 'SINCE', 'WAITING', 'MACHINE', 'WORKLOAD'], ...rows])
  return `${table}\n\nOnce nothing of a workload runs any more: ${command} task release <service>`
}
