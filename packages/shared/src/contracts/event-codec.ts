/** Making events, and reading them without ever stumbling over those of another release. */
import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { EVENT_TYPES, type EventType, OrchestratorEvent } from './events.ts'

export function newEventId(): string {
  return randomUUID()
}

type EventOf<T extends EventType> = Extract<OrchestratorEvent, { type: T }>

export interface NewEvent<T extends EventType> {
  readonly id: string
  readonly type: T
  /** Which component says it: `submitter`, `launcher`, `watcher`. */
  readonly source: string
  readonly subject: string
  readonly time: Date
  readonly data: EventOf<T>['data']
}

export function createEvent<T extends EventType>({ id, type, source, subject, time, data }: NewEvent<T>): EventOf<T> {
  const event = {
    specversion: '1.0',
    id,
    source: `/orchestrator/${source}`,
    type,
    subject,
    time: time.toISOString(),
    datacontenttype: 'application/json',
    data,
  }
  // `data` is tied to `type` by NewEvent; the checker cannot follow a generic through a discriminated union.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return event as unknown as EventOf<T>
}

export type ReadEvent =
  | { readonly kind: 'event'; readonly event: OrchestratorEvent }
  /** A type this release does not know: not for us. */
  | { readonly kind: 'foreign'; readonly type: string }
  /** A later major version of a type that we do know: leave it for a newer replica. */
  | { readonly kind: 'tooNew'; readonly type: string }
  | { readonly kind: 'unreadable'; readonly problem: string }

const Head = z.object({ type: z.string() })

export function readEvent(bytes: Uint8Array | string): ReadEvent {
  const json = parseJson(typeof bytes === 'string' ? bytes : new TextDecoder().decode(bytes))
  const head = Head.safeParse(json)
  if (!head.success) return { kind: 'unreadable', problem: 'is not a CloudEvent in JSON: no "type"' }
  const { type } = head.data
  if (!EVENT_TYPES.some((known) => known === type)) return { kind: isLaterVersion(type) ? 'tooNew' : 'foreign', type }
  const parsed = OrchestratorEvent.safeParse(json)
  return parsed.success
    ? { kind: 'event', event: parsed.data }
    : { kind: 'unreadable', problem: z.prettifyError(parsed.error) }
}

function isLaterVersion(type: string): boolean {
  const base = /^(.+)\.v[1-9]\d*$/.exec(type)?.[1]
  return EVENT_TYPES.some((known) => known === base)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
