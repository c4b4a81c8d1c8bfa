/** Dead letters as people read them. Pure. */
import type { DeadLetter, DeadLetterDetail, DeadLetterPage, DeadLetterState, ReplayAnswer } from '@orchestrator/client'
import {
  type Colour,
  cutToWidth,
  type Field,
  formatDuration,
  formatFields,
  formatTable,
  type Paint,
  plural,
} from '@orchestrator/client/texts'
import { printable, printableLine } from '@orchestrator/shared/core'
import { describeFailure, errorToJson } from './describe-error.ts'

interface Shown {
  readonly now: Date
  readonly paint: Paint
  /** How people call this program. */
  readonly command: string
}

const TEXT_WIDTH = 60
const COLOURS: Record<DeadLetterState, Colour> = {
  open: 'red',
  replaying: 'yellow',
  handled: 'green',
  obsolete: 'dim',
  failed: 'dim',
}
/** How to go on over HTTP: here there is a command for that. */
const FOR_HTTP = /(?:^(?:Replay it|Look again|Follow it): |: )(?:GET|POST) \/\S+$/

export function describeLetters({ page, now, paint, command }: Shown & { readonly page: DeadLetterPage }): string {
  const { letters, next } = page
  if (letters.length === 0) return 'No dead letters.'
  const header = ['LETTER', 'STATE', 'AGE', 'DURABLE', 'REASON', 'SUBJECT', 'TEXT'].map((title) => paint('dim', title))
  const rows = letters.map((letter) => [
    String(letter.sequence),
    paint(COLOURS[letter.state], letter.state) + (letter.failedAs === null ? '' : ` as ${letter.failedAs}`),
    formatDuration(now.getTime() - Date.parse(letter.at)),
    describeDurable(letter),
    printableLine(letter.reason),
    printableLine(letter.subject),
    cutToWidth(printableLine(letter.text), TEXT_WIDTH),
  ])
  const more = next === null ? [] : [`More with: --cursor ${printableLine(next)}`]
  const open = letters.find(({ state }) => state === 'open')
  const hint = open === undefined ? [] : [`What to do: ${command} deadletters show ${open.sequence}`]
  return [formatTable([header, ...rows]), '', ...more, ...hint].join('\n').trimEnd()
}

function describeDurable({ durable, channel }: DeadLetter): string {
  return printableLine(channel === null ? durable : `${durable}/${channel}`)
}

export function describeLetter({ letter, now, paint, command }: Shown & { readonly letter: DeadLetterDetail }): string {
  const { sequence, state, message, next } = letter
  return [
    `${paint('bold', `Letter ${sequence}`)}  ${paint(COLOURS[state], state)}`,
    formatFields([...letterFields(letter, now), ...messageFields(letter)]),
    ...(message === null ? [] : ['', indent(printable(message.text))]),
    ...(message?.cut === true ? [`  [the rest of ${message.bytes} bytes is left out]`] : []),
    '',
    ...next.map((step) => printableLine(step).replace(FOR_HTTP, '')).filter((step) => step !== ''),
    ...commandsFor(letter, command),
  ].join('\n')
}

function letterFields(letter: DeadLetter, now: Date): readonly Field[] {
  const { tries, at, replayedAt, endedAt, endText, failedAs } = letter
  return [
    ['Given up by', describeDurable(letter)],
    ['Why', `${printableLine(letter.reason)}: ${printableLine(letter.text)}`],
    [
      'When',
      `${at} (${formatDuration(now.getTime() - Date.parse(at))} ago), after ${tries === 1 ? '1 try' : `${tries} tries`}`,
    ],
    ['Replayed', replayedAt ?? undefined],
    ['Ended', endedAt === null ? undefined : `${endedAt}${endText === null ? '' : `: ${printableLine(endText)}`}`],
    ['Failed as', failedAs === null ? undefined : `letter ${failedAs}`],
  ]
}

function messageFields({ message, attempt, stream, messageSequence, subject }: DeadLetterDetail): readonly Field[] {
  const type = message === null ? 'no longer stored' : (message.type ?? 'unreadable')
  return [
    ['Message', `${printableLine(stream)} ${messageSequence}, ${printableLine(subject)} (${printableLine(type)})`],
    ['Stored', message?.at],
    ['Attempt', attempt === null ? undefined : `${attempt.name} (${attempt.phase})`],
  ]
}

function commandsFor({ state, sequence, failedAs }: DeadLetter, command: string): readonly string[] {
  if (state === 'open') return [`Replay it with: ${command} deadletters replay ${sequence}`]
  if (state === 'replaying') return [`Look again with: ${command} deadletters show ${sequence}`]
  return failedAs === null ? [] : [`Look at it with: ${command} deadletters show ${failedAs}`]
}

function indent(text: string): string {
  return text
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n')
}

/** What came of asking for one replay: an answer, or why there is none. */
export type Replay =
  | { readonly sequence: string; readonly answer: ReplayAnswer; readonly error?: undefined }
  | { readonly sequence: string; readonly error: unknown; readonly answer?: undefined }

export interface ReplaysText {
  readonly replays: readonly Replay[]
  /** With `--all`. */
  readonly durable: string | undefined
  readonly command: string
}

export function describeReplays({ replays, durable, command }: ReplaysText): string {
  if (replays.length === 0) return `No open dead letter of ${JSON.stringify(durable ?? '')}: nothing to replay.`
  const asked = replays.filter(({ answer }) => answer?.accepted === true)
  const before = replays.filter(({ answer }) => answer?.accepted === false)
  const failed = replays.filter(({ answer }) => answer === undefined)
  const counts = [
    `${plural(asked.length, 'replay')} asked for`,
    ...(before.length === 0 ? [] : [`${before.length} asked for before`]),
    ...(failed.length === 0 ? [] : [`${failed.length} refused`]),
  ]
  const only = asked.length === 1 && replays.length === 1 ? asked[0]?.answer?.next : undefined
  return [
    ...replays.map(describeReplay),
    '',
    `${counts.join(', ')}.`,
    ...(only ?? []).map((step) => printableLine(step).replace(FOR_HTTP, '')).filter((step) => step !== ''),
    ...followWith(asked, command),
  ].join('\n')
}

function describeReplay({ sequence, answer, error }: Replay): string {
  const text = answer === undefined ? describeFailure(error) : printableLine(answer.message)
  return `${printableLine(sequence)}: ${text}`
}

function followWith(asked: readonly Replay[], command: string): readonly string[] {
  const [first] = asked
  if (first === undefined) return []
  const how = asked.length === 1 ? `show ${printableLine(first.sequence)}` : 'list'
  return [`See what came of it with: ${command} deadletters ${how}`]
}

/** The same for a program. */
export function replayToJson(replays: readonly Replay[]): unknown {
  return {
    replays: replays.map(({ sequence, answer, error }) =>
      answer === undefined ? { sequence, ...toObject(errorToJson(error)) } : { sequence, ...answer },
    ),
  }
}

function toObject(value: unknown): object {
  return typeof value === 'object' && value !== null ? value : {}
}
