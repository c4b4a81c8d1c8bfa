import type { Clock } from '@orchestrator/shared/core'
import type { Client as FetchClient } from 'openapi-fetch'
import { followMessages, type FollowOptions } from './follow.ts'
import type { Event, EventGap, operations, paths } from './generated/api.ts'

type EventsQuery = NonNullable<operations['followEvents']['parameters']['query']>

/** Filters as the document has them; without `fromSequence` and `lastEventId` it begins with what comes. */
export interface EventsOptions extends EventsQuery, FollowOptions {
  /** `id` of the last event that the reader has: it goes on after it. */
  readonly lastEventId?: string
}

export type EventItem =
  | {
      readonly kind: 'event'
      /** Where to go on after it: `lastEventId` of a later call. */
      readonly id: string
      readonly event: Event
    }
  | {
      /** Something that was asked for is not in the stream; `message` says what to do. */
      readonly kind: 'gap'
      readonly gap: EventGap
    }

export interface StreamContext {
  readonly http: FetchClient<paths>
  readonly clock: Clock
  readonly signal?: AbortSignal
}

export async function* followEvents(context: StreamContext, options: EventsOptions): AsyncGenerator<EventItem> {
  const { signal, patienceMs, silenceMs, onTrouble, lastEventId, ...query } = options
  const { http, clock } = context
  const messages = followMessages({
    clock,
    lastEventId,
    signal: bothOf(context.signal, signal),
    onTrouble,
    ...(patienceMs === undefined ? {} : { patienceMs }),
    ...(silenceMs === undefined ? {} : { silenceMs }),
    open: async (id, ends) => {
      const header = id === undefined ? {} : { 'Last-Event-ID': id }
      const { response } = await http.GET('/v1/events', {
        params: { query, header },
        headers: { accept: 'text/event-stream' },
        parseAs: 'stream',
        signal: ends,
      })
      return response
    },
  })
  for await (const { event, id = '', data } of messages) {
    const told: unknown = JSON.parse(data)
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Answers are typed by the document they come from.
    yield event === 'gap' ? { kind: 'gap', gap: told as EventGap } : { kind: 'event', id, event: told as Event }
  }
}

export function bothOf(one: AbortSignal | undefined, other: AbortSignal | undefined): AbortSignal | undefined {
  return one === undefined || other === undefined || one === other ? (other ?? one) : AbortSignal.any([one, other])
}
