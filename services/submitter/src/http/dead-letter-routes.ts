import {
  AttemptName,
  type DeadLetterDetail,
  type DeadLetterPage,
  DeadLetterState,
  DurableName,
  type ReplayAnswer,
} from '@orchestrator/shared/contracts'
import { TerminalError } from '@orchestrator/shared/core'
import type { DeadLetterQuery, StoredDeadLetter } from '@orchestrator/shared/nats'
import { z } from 'zod'
import { adviceFor, attemptIn, toLetterView, toMessageView, waitingFor } from '../dead-letters/dead-letter-view.ts'
import { decodePageCursor, encodePageCursor } from '../view/page-cursor.ts'
import { phaseOf } from '../view/rows.ts'
import { allow } from './access/route-access.ts'
import type { Api } from './api.ts'
import { callerOf } from './requests.ts'
import type { HttpServer } from './server.ts'

const ListQuery = z.strictObject({
  durable: z.exactOptional(DurableName),
  state: z.exactOptional(DeadLetterState),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.exactOptional(z.string().max(100)),
})
const LetterParams = z.object({
  sequence: z
    .string()
    .regex(/^[1-9]\d{0,14}$/, 'use the number of a letter, as the list shows it')
    .transform(Number),
})

/** What was given up, read from the stream itself: the view does not hold it. */
export function registerDeadLetterRoutes(server: HttpServer, api: Api): void {
  const listOptions = { config: allow('read', 'every'), schema: { querystring: ListQuery } }
  server.get('/v1/deadletters', listOptions, async ({ query }): Promise<DeadLetterPage> => {
    const found = await api.deadLetters.list(toQuery(query, api.signal))
    const letters = found.slice(0, query.limit)
    const last = letters.at(-1)
    const next = found.length > letters.length && last !== undefined ? encodePageCursor(last.seq) : null
    return { letters: letters.map(toLetterView), next }
  })

  const schema = { params: LetterParams }
  const config = allow('read', 'every')
  server.get('/v1/deadletters/:sequence', { config, schema }, async ({ params }): Promise<DeadLetterDetail> => {
    const kept = await findLetter(api, params.sequence)
    const message = await api.deadLetters.message(kept.letter)
    const attempt = message === undefined ? undefined : attemptOf(api, attemptIn(message))
    const view = toLetterView(kept)
    return {
      ...view,
      message: message === undefined ? null : toMessageView(message),
      attempt: attempt ?? null,
      next: adviceFor({ view, stored: message !== undefined, phase: attempt?.phase }),
    }
  })

  const replayOptions = { config: allow('operate', 'every'), schema }
  server.post('/v1/deadletters/:sequence/replay', replayOptions, async (request, reply): Promise<ReplayAnswer> => {
    const kept = await findLetter(api, request.params.sequence)
    const accepted = kept.state.kind === 'open' && (await api.deadLetters.replay(kept))
    const letter = toLetterView((await api.deadLetters.get(kept.seq)) ?? kept)
    const by = callerOf(request).requestedBy.caller
    api.logger.info({ letter: kept.seq, durable: letter.durable, accepted, by }, 'replay asked')
    reply.code(accepted ? 202 : 200)
    if (!accepted) {
      const message = `A replay of letter ${kept.seq} was asked for before: ${STANDING[letter.state]}.`
      return { letter, accepted, message, next: adviceFor({ view: letter, stored: true, phase: undefined }) }
    }
    const next = [...waitingFor(letter), `Follow it: GET /v1/deadletters/${kept.seq}`]
    return {
      letter,
      accepted,
      message: `Asked ${letter.durable} to handle the message of letter ${kept.seq} again.`,
      next,
    }
  })
}

const STANDING: Record<DeadLetterState, string> = {
  open: 'it has just begun',
  replaying: 'it is not done yet',
  handled: 'it is done',
  obsolete: 'nothing was left to do',
  failed: 'it was given up again',
}

function toQuery({ durable, state, limit, cursor }: z.output<typeof ListQuery>, signal: AbortSignal): DeadLetterQuery {
  return {
    ...(durable === undefined ? {} : { durable }),
    ...(state === undefined ? {} : { states: [state] }),
    ...(cursor === undefined ? {} : { before: decodePageCursor(cursor) }),
    limit: limit + 1,
    signal,
  }
}

/** @throws TerminalError NOT_FOUND */
async function findLetter({ deadLetters }: Api, seq: number): Promise<StoredDeadLetter> {
  const kept = await deadLetters.get(seq)
  if (kept !== undefined) return kept
  const remedy = 'GET /v1/deadletters lists those that are there; the oldest go when their stream is full'
  throw new TerminalError('NOT_FOUND', `there is no dead letter ${seq}: ${remedy}`)
}

/** As far as the view knows it: what is asked about here must not wait for the view. */
function attemptOf({ view }: Api, name: string | undefined): DeadLetterDetail['attempt'] | undefined {
  const parsed = AttemptName.safeParse(name)
  const row = parsed.success && view.readable ? view.queries.attemptByName(parsed.data) : undefined
  return row && { name: row.submitted.attempt.name, phase: phaseOf(row) }
}
