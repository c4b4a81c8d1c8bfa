/** An attempt as people read it. Pure. */
import { DEFAULT_TAG, isTerminal } from '@orchestrator/shared/contracts'
import { printable, printableLine } from '@orchestrator/shared/core'
import type { Attempt, Phase, ResultSummary, Usage } from '../generated/api.ts'
import { formatDuration } from './duration.ts'
import type { Colour, Paint } from './paint.ts'
import { type Field, formatFields } from './table.ts'
import type { Ways } from './ways.ts'

const COLOURS: Record<Phase, Colour> & Readonly<Record<string, Colour>> = {
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
  readonly attempt: Attempt
  readonly now: Date
  readonly paint: Paint
  readonly ways: Ways
}

export function paintPhase(phase: Phase, paint: Paint): string {
  // A newer server may have others.
  const colour: Colour | undefined = COLOURS[phase as string]
  return paint(colour ?? 'dim', phase)
}

/** How long it ran, or has been running; before its start how long it has waited. */
export function elapsed({ submittedAt, startedAt, finishedAt }: Attempt, now: Date): string {
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
export function describeAttempt(text: AttemptText): string {
  const { attempt, now } = text
  const ended = isTerminal(attempt.phase)
  return withHeadAndNext(text, [
    ['Task', describeTask(attempt)],
    ['Why', describeWhy(attempt)],
    ...(ended ? [] : liveFields(attempt)),
    [ended ? 'Took' : 'Since', elapsed(attempt, now)],
    ['Submitted', `${attempt.submittedAt} by ${describeRequester(attempt)}`],
    ['Agent', `${attempt.agent}, model ${printableLine(attempt.model)}`],
    ['Used', describeUsage(attempt.usage)],
    ['Branch', `${printableLine(attempt.branch)} of ${printableLine(attempt.repository.url)}`],
    ['Guidance', attempt.guidance === null ? undefined : printable(attempt.guidance)],
    ['Last words', attempt.lastText === null ? undefined : printable(attempt.lastText)],
    ...outcomeFields(attempt),
  ])
}

/** The end of a wait: what came of it and how to go on. */
export function describeEnd(text: AttemptText): string {
  const { attempt, now } = text
  return withHeadAndNext(text, [
    ['Why', describeWhy(attempt)],
    ['Took', elapsed(attempt, now)],
    ['Used', describeUsage(attempt.usage)],
    ['Branch', printableLine(attempt.branch)],
    ...outcomeFields(attempt),
  ])
}

function withHeadAndNext({ attempt, paint, ways }: AttemptText, fields: readonly Field[]): string {
  const head = `${paint('bold', attempt.name)}  ${paintPhase(attempt.phase, paint)}`
  const brief = printable(attempt.result?.brief ?? '').trim()
  const lines = brief === '' ? [] : ['', ...brief.split('\n').map((line) => `  ${line}`.trimEnd())]
  return [head, formatFields(fields), ...lines, '', nextWay(attempt, ways)].join('\n')
}

function liveFields({ step, ahead, stopRequested, lastActions }: Attempt): readonly Field[] {
  return [
    ['Step', step ?? undefined],
    ['Queue', ahead === null || ahead === 0 ? undefined : `behind ${plural(ahead, 'attempt')}`],
    ['Stop', stopRequested ? 'asked for' : undefined],
    ['Last actions', lastActions.map((action) => printableLine(action)).join('\n')],
  ]
}

/** What was proved. */
function outcomeFields({ verified, result }: Attempt): readonly Field[] {
  return [
    ['Verified', verified === null ? undefined : describeVerified(verified, result)],
    ['Work', result === null ? undefined : describeWork(result)],
    [
      'Gates',
      result?.gates.map(({ name, passed }) => `${printableLine(name)} ${passed ? 'passed' : 'FAILED'}`).join(', '),
    ],
    ['Flags', result?.flags.map(({ kind, detail }) => printableLine(`${kind}: ${detail}`)).join('\n')],
  ]
}

function describeTask({ taskId, service, tag, n, latest }: Attempt): string {
  const list = tag === DEFAULT_TAG ? '' : `, tag ${tag}`
  return `${taskId} (${service}${list}), attempt ${n}${latest ? '' : ', not the latest'}`
}

function describeWhy({ reason, message }: Attempt): string {
  return [reason, message]
    .filter((part) => part !== null && part !== '')
    .map((part) => printableLine(part ?? ''))
    .join(': ')
}

function describeRequester({ requestedBy }: Attempt): string {
  return `${printableLine(requestedBy.caller)} (${requestedBy.door})`
}

function describeVerified(verified: boolean, result: ResultSummary | null): string {
  if (verified) return 'yes, by gates'
  return result !== null && result.gates.length > 0 ? 'no' : 'no: no gate ran'
}

/** What a person most likely does next. */
export function nextWay(attempt: Attempt, ways: Ways): string {
  const { name, phase, reason, service } = attempt
  if (!isTerminal(phase) && reason === 'WorkspaceBusy') {
    return `Follow it with:                              ${ways.follow(name)}\nOnce nothing runs any more in its workspace:  ${ways.release(service)}`
  }
  if (!isTerminal(phase)) return `Follow it with: ${ways.follow(name)}`
  if (phase === 'Succeeded') return `Its log: ${ways.log(name)}`
  return `Its log:     ${ways.log(name)}\nTry again:   ${ways.retry(attempt)}`
}

function describeWork({ diffStat, pushedSha, commits }: ResultSummary): string {
  const { files, insertions, deletions } = diffStat
  const sha = pushedSha === null ? 'nothing pushed' : `pushed as ${pushedSha.slice(0, 12)}`
  return `${plural(commits, 'commit')}, ${plural(files, 'file')} (+${insertions} -${deletions}), ${sha}`
}

export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

function thousands(count: number): string {
  return count < 10_000 ? String(count) : `${Math.round(count / 1_000)}k`
}
