/** Dead letters as they are shown: bounded, safe for a terminal, and with what to do next. Pure. */
import {
  type DeadLetterDetail,
  type DeadLetterView,
  isTerminal,
  type OrchestratorEvent,
  type Phase,
  readEvent,
} from '@orchestrator/shared/contracts'
import { cutToBytes, printable, printableLine } from '@orchestrator/shared/core'
import type { DeadLetters, StoredDeadLetter } from '@orchestrator/shared/nats'

type Message = NonNullable<Awaited<ReturnType<DeadLetters['message']>>>

const MESSAGE_MAX_BYTES = 8 * 1024

export function toLetterView({ seq, time, letter, state }: StoredDeadLetter): DeadLetterView {
  const { durable, stream, sequence, subject, reason, tries, text, channel } = letter
  const replayedAt = state.kind === 'open' ? undefined : state.replayedAt
  const ended = 'endedAt' in state ? state : undefined
  return {
    sequence: seq,
    at: time.toISOString(),
    durable: printableLine(durable),
    stream: printableLine(stream),
    messageSequence: sequence,
    subject: printableLine(subject),
    reason: printableLine(reason),
    tries,
    text: printableLine(text),
    channel: channel === undefined ? null : printableLine(channel),
    state: state.kind,
    replayedAt: replayedAt?.toISOString() ?? null,
    endedAt: ended?.endedAt.toISOString() ?? null,
    endText: ended?.text === undefined ? null : printableLine(ended.text),
    failedAs: ended?.next ?? null,
  }
}

export function toMessageView({ time, data }: Pick<Message, 'time' | 'data'>): DeadLetterDetail['message'] {
  const event = eventIn(data)
  const text = printable(new TextDecoder().decode(data))
  return {
    at: time.toISOString(),
    bytes: data.length,
    type: event?.type ?? null,
    id: event === undefined ? null : printableLine(event.id),
    text: cutToBytes(text, MESSAGE_MAX_BYTES),
    cut: Buffer.byteLength(text) > MESSAGE_MAX_BYTES,
  }
}

/** The name of the attempt that a message is about, as the message says it. */
export function attemptIn({ data }: Pick<Message, 'data'>): string | undefined {
  const event = eventIn(data)
  if (event === undefined || event.type === 'workspace.released') return undefined
  return event.type === 'task.submitted' ? event.data.attempt.name : event.data.name
}

function eventIn(data: Uint8Array): OrchestratorEvent | undefined {
  const read = readEvent(data)
  return read.kind === 'event' ? read.event : undefined
}

export interface Advised {
  readonly view: DeadLetterView
  readonly stored: boolean
  readonly phase: Phase | undefined
}

/** What a person does next, in order. */
export function adviceFor(advised: Advised): string[] {
  const { sequence, state, failedAs, endText } = advised.view
  switch (state) {
    case 'open':
      return [...openAdvice(advised), `Replay it: POST /v1/deadletters/${sequence}/replay`]
    case 'replaying':
      return [...waitingFor(advised.view), `Look again: GET /v1/deadletters/${sequence}`]
    case 'handled':
      return ['Nothing: the replay has done it.']
    case 'obsolete':
      return [`Nothing${endText === null ? '' : `: ${endText}`}.`]
    case 'failed':
      return [`It was given up again: look at letter ${failedAs ?? ''}: GET /v1/deadletters/${failedAs ?? ''}`]
  }
}

function openAdvice({ view: { durable, channel, reason }, stored, phase }: Advised): string[] {
  if (!stored) return ['The message is no longer stored: a replay only closes the letter.']
  if (channel !== null)
    return [`Mend what receives the channel "${channel}". A replay sends this one event again, to that channel alone.`]
  if (durable === 'launcher' && phase !== undefined && isTerminal(phase))
    return [
      `Its attempt has ended (${phase}): a replay only closes the letter. Remove the cause, submit the task again.`,
    ]
  if (reason === 'unreadable') return ['This release cannot read the message: replay it with a release that can.']
  return ['Remove the cause that the text names: until then a replay fails in the same way.']
}

/** What happens with a replay that was asked for. */
export function waitingFor({ durable, channel }: DeadLetterView): string[] {
  const taken = `The service of the durable "${durable}" takes it up as soon as it runs.`
  return channel === null
    ? [`${taken} The message goes to the same handler as at first.`]
    : [`${taken} The event is sent as soon as the channel "${channel}" takes it.`]
}
