/** An attempt as people read it. Pure. */
import { type AttemptView, DEFAULT_TAG, isTerminal, type Phase, type Usage } from '@orchestrator/shared/contracts'
import { printable, printableLine } from '@orchestrator/shared/core'
import { formatDuration } from './duration.ts'
import type { Colour, Paint } from './screen.ts'
import { formatFields } from './table.ts'

const COLOURS: Record<Phase, Colour> = {
  Submitted: 'dim',
  Queued: 'dim',
  Starting: 'cyan',
  Running: 'cyan',
  Succeeded: 'green',
  Failed: 'red',
  Stopped: 'yellow',
  TimedOut: 'red',
  Unknown: 'red',
}

export interface AttemptText {
  readonly attempt: AttemptView
  readonly now: Date
  readonly paint: Paint
  /** How people call this program. */
  readonly command: string
}

export function paintPhase(phase: Phase, paint: Paint): string {
  return paint(COLOURS[phase], phase)
}

/** How long it ran, or has been running; before its start how long it has waited. */
export function elapsed({ submittedAt, startedAt, finishedAt }: AttemptView, now: Date): string {
  const end = finishedAt === null ? now.getTime() : Date.parse(finishedAt)
  return formatDuration(end - Date.parse(startedAt ?? submittedAt))
}

export function describeUsage(usage: Usage | null): string | undefined {
  if (usage === null) return undefined
  const cost = usage.costUsd === null ? undefined : `$${usage.costUsd.toFixed(2)}`
  const parts = [
    usage.toolCalls > 0 ? plural(usage.toolCalls, 'tool call') : undefined,
    usage.turns > 0 ? plural(usage.turns, 'turn') : undefined,
    usage.inputTokens + usage.outputTokens > 0
      ? `${thousands(usage.inputTokens + usage.outputTokens)} tokens`
      : undefined,
    cost,
  ]
  const said = parts.filter((part) => part !== undefined)
  return said.length === 0 ? undefined : said.join(', ')
}

/** The whole status of one attempt. */
export function describeAttempt({ attempt, now, paint, command }: AttemptText): string {
  const tag = attempt.tag === DEFAULT_TAG ? '' : `, tag ${attempt.tag}`
  const ended = isTerminal(attempt.phase)
  const fields = formatFields([
    [
      'Task',
      `${attempt.taskId} (${attempt.service}${tag}), attempt ${attempt.n}${attempt.latest ? '' : ', not the latest'}`,
    ],
    ['Why', attempt.reason === null ? undefined : joined(': ', attempt.reason, attempt.message)],
    ['Verified', attempt.verified === null ? undefined : attempt.verified ? 'yes, by gates' : 'no, no gates ran'],
    ['Step', ended ? undefined : (attempt.step ?? undefined)],
    [
      'Queue',
      ended || attempt.ahead === null || attempt.ahead === 0 ? undefined : `behind ${plural(attempt.ahead, 'attempt')}`,
    ],
    [ended ? 'Took' : 'Since', elapsed(attempt, now)],
    [
      'Submitted',
      `${attempt.submittedAt} by ${printableLine(attempt.requestedBy.caller)} (${attempt.requestedBy.door})`,
    ],
    ['Agent', `${attempt.agent}, model ${printableLine(attempt.model)}`],
    ['Used', describeUsage(attempt.usage)],
    ['Branch', `${printableLine(attempt.branch)} of ${printableLine(attempt.repository.url)}`],
    ['Work', describeWork(attempt)],
    [
      'Gates',
      attempt.result?.gates
        .map(({ name, passed }) => `${printableLine(name)} ${passed ? 'passed' : 'FAILED'}`)
        .join(', '),
    ],
    ['Flags', attempt.result?.flags.map(({ kind, detail }) => printableLine(`${kind}: ${detail}`)).join('\n')],
    ['Stop', attempt.stopRequested && !ended ? 'asked for' : undefined],
    ['Guidance', attempt.guidance === null ? undefined : printable(attempt.guidance)],
    ['Last actions', ended ? undefined : attempt.lastActions.map((action) => printableLine(action)).join('\n')],
    ['Last words', attempt.lastText === null ? undefined : printable(attempt.lastText)],
    ['Brief', attempt.result === null || attempt.result.brief === '' ? undefined : printable(attempt.result.brief)],
  ])
  return [
    `${paint('bold', attempt.name)}  ${paintPhase(attempt.phase, paint)}`,
    fields,
    '',
    nextCommand(attempt, command),
  ].join('\n')
}

/** The end of a wait: what came of it and how to go on. */
export function describeEnd({ attempt, now, paint, command }: AttemptText): string {
  const why = joined(': ', attempt.reason, attempt.message)
  const fields = formatFields([
    ['Why', why],
    ['Took', elapsed(attempt, now)],
    ['Used', describeUsage(attempt.usage)],
    ['Branch', printableLine(attempt.branch)],
    ['Work', describeWork(attempt)],
    ['Brief', attempt.result === null || attempt.result.brief === '' ? undefined : printable(attempt.result.brief)],
  ])
  return [
    `${paint('bold', attempt.name)}  ${paintPhase(attempt.phase, paint)}`,
    fields,
    '',
    nextCommand(attempt, command),
  ].join('\n')
}

/** What a person most likely does next. */
export function nextCommand({ name, phase, service, taskId, tag }: AttemptView, command: string): string {
  const task = `${service} ${taskId}${tag === DEFAULT_TAG ? '' : ` --tag ${tag}`}`
  if (!isTerminal(phase)) return `Follow it with: ${command} task wait ${name}`
  if (phase === 'Succeeded') return `Its log: ${command} task logs ${name}`
  return `Its log:     ${command} task logs ${name}\nTry again:   ${command} task retry ${task} --guidance "what to do differently"`
}

function describeWork({ result }: AttemptView): string | undefined {
  if (result === null) return undefined
  const { files, insertions, deletions } = result.diffStat
  const sha = result.pushedSha === null ? 'nothing pushed' : `pushed as ${result.pushedSha.slice(0, 12)}`
  return `${plural(result.commits, 'commit')}, ${plural(files, 'file')} (+${insertions} -${deletions}), ${sha}`
}

export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

function thousands(count: number): string {
  return count < 10_000 ? String(count) : `${Math.round(count / 1_000)}k`
}

function joined(separator: string, ...parts: readonly (string | null)[]): string {
  return parts
    .filter((part) => part !== null && part !== '')
    .map((part) => printableLine(part ?? ''))
    .join(separator)
}
