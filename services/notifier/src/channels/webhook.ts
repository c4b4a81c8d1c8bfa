import { readFile } from 'node:fs/promises'
import type { LedgerEvent, WebhookSettings } from '@orchestrator/shared/contracts'
import type { Clock } from '@orchestrator/shared/core'
import type { StoredEvent } from '@orchestrator/shared/nats'
import { Webhook } from 'standardwebhooks'
import { toTold } from './answer.ts'
import type { Channel, Told } from './port.ts'

export const WEBHOOK_TIMEOUT_MS = 10_000
/** More of an answer is not read: only its status means something. */
const ANSWER_MAX_BYTES = 16 * 1024
/** Digits of the largest sequence: the extension's values are compared as text. */
const SEQUENCE_DIGITS = 20

export interface WebhookOptions {
  readonly settings: Omit<WebhookSettings, 'concurrency'>
  readonly timeoutMs: number
  readonly clock: Clock
}

/**
 * Sends each event of the ledger as it is: a structured CloudEvent with the extension `sequence`, signed as Standard
 * Webhooks has it. The secret is read for each send, so that it can be replaced while we run.
 */
export function createWebhookChannel({ settings, timeoutMs, clock }: WebhookOptions): Channel {
  const { name, url, secretFile } = settings
  return {
    name,
    kind: 'each',
    tell: async ({ events: [stored] }, signal) => {
      const body = toWebhookBody(stored)
      const headers = await toHeaders({ id: stored.event.id, body, secretFile, now: clock.now() })
      if (!(headers instanceof Headers)) return headers
      return await post({
        url,
        body,
        headers,
        clock,
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      })
    },
  }
}

function toWebhookBody({ event, seq }: StoredEvent<LedgerEvent>): string {
  return JSON.stringify({ ...event, sequence: String(seq).padStart(SEQUENCE_DIGITS, '0') })
}

interface Unsigned {
  readonly id: string
  readonly body: string
  readonly secretFile: string | undefined
  readonly now: Date
}

async function toHeaders({ id, body, secretFile, now }: Unsigned): Promise<Headers | Exclude<Told, 'delivered'>> {
  if (!/^[\x21-\x7E]{1,256}$/.test(id)) return { rejected: 'the event id does not fit into a header' }
  const headers = new Headers({
    'content-type': 'application/cloudevents+json; charset=utf-8',
    'user-agent': 'orchestrator',
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(now.getTime() / 1_000)),
  })
  if (secretFile === undefined) return headers
  const webhook = await readSecret(secretFile)
  if (webhook === undefined) return { unavailable: 'the secret file is missing or holds no whsec_ secret' }
  headers.set('webhook-signature', webhook.sign(id, now, body))
  return headers
}

/** A secret that cannot be used never leads to an unsigned request, and never into a message. */
async function readSecret(file: string): Promise<Webhook | undefined> {
  try {
    return new Webhook((await readFile(file, 'utf8')).trim())
  } catch {
    return undefined
  }
}

interface Post {
  readonly url: string
  readonly body: string
  readonly headers: Headers
  readonly clock: Clock
  readonly signal: AbortSignal
}

async function post({ url, body, headers, clock, signal }: Post): Promise<Told> {
  try {
    const response = await fetch(url, { method: 'POST', body, headers, redirect: 'manual', signal })
    const told = toTold({
      status: response.status,
      retryAfter: response.headers.get('retry-after'),
      now: clock.now(),
    })
    await discard(response)
    return told
  } catch (error) {
    return { unavailable: describeFailure(error) }
  }
}

/** A short answer is read to its end, so that the connection can be used again; the status stands whatever happens. */
async function discard({ body }: Response): Promise<void> {
  let bytes = 0
  try {
    for await (const chunk of body ?? []) {
      bytes += chunk.length
      if (bytes > ANSWER_MAX_BYTES) break
    }
  } catch {
    // The sink has answered: a connection that breaks afterwards changes nothing.
  }
}

/** The cause by its code alone: messages of the network hold the address. */
function describeFailure(error: unknown): string {
  if (!(error instanceof Error)) return 'the request failed'
  if (error.name === 'TimeoutError') return 'no answer in time'
  if (error.name === 'AbortError') return 'interrupted'
  const cause: unknown = error.cause
  const code = cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : undefined
  return code === undefined ? 'the request failed' : `the request failed (${code})`
}
