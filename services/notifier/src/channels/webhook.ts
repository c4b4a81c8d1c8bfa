import { readFile } from 'node:fs/promises'
import { type LedgerEvent, sequenceText, type WebhookSettings } from '@orchestrator/shared/contracts'
import type { Clock } from '@orchestrator/shared/core'
import type { StoredEvent } from '@orchestrator/shared/nats'
import { Webhook } from 'standardwebhooks'
import { toTold } from './answer.ts'
import type { Channel, Told } from './port.ts'
import { createPoster } from './post.ts'

export const WEBHOOK_TIMEOUT_MS = 10_000

export interface WebhookOptions {
  readonly settings: Omit<WebhookSettings, 'concurrency'>
  readonly timeoutMs: number
  readonly clock: Clock
}

/** Disposing closes its connections. */
export interface WebhookChannel extends Channel, Disposable {}

/**
 * Sends each event of the ledger as it is: a structured CloudEvent with the extension `sequence`, signed as Standard
 * Webhooks has it. The secret is read for each send, so that it can be replaced while we run.
 */
export function createWebhookChannel({ settings, timeoutMs, clock }: WebhookOptions): WebhookChannel {
  const { name, url, secretFile } = settings
  const poster = createPoster(url, timeoutMs)
  return {
    name,
    kind: 'each',
    tell: async ({ events: [stored] }, signal) => {
      const body = toWebhookBody(stored)
      const signed = await toHeaders({ id: stored.event.id, body, secretFile, now: clock.now() })
      if (!('headers' in signed)) return signed
      const answer = await poster.post({ body, headers: signed.headers, signal })
      return 'failure' in answer
        ? { unavailable: describeFailure(answer.failure) }
        : toTold({ ...answer, now: clock.now() })
    },
    [Symbol.dispose]: () => poster[Symbol.dispose](),
  }
}

function toWebhookBody({ event, seq }: StoredEvent<LedgerEvent>): string {
  return JSON.stringify({ ...event, sequence: sequenceText(seq) })
}

interface Unsigned {
  readonly id: string
  readonly body: string
  readonly secretFile: string | undefined
  readonly now: Date
}

interface Signed {
  readonly headers: Readonly<Record<string, string>>
}

async function toHeaders({ id, body, secretFile, now }: Unsigned): Promise<Signed | Exclude<Told, 'delivered'>> {
  if (!/^[\x21-\x7E]{1,256}$/.test(id)) return { rejected: 'the event id does not fit into a header' }
  const headers = {
    'content-type': 'application/cloudevents+json; charset=utf-8',
    'user-agent': 'orchestrator',
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(now.getTime() / 1_000)),
  }
  if (secretFile === undefined) return { headers }
  const webhook = await readSecret(secretFile)
  if (webhook === undefined) return { unavailable: 'the secret file is missing or holds no whsec_ secret' }
  return { headers: { ...headers, 'webhook-signature': webhook.sign(id, now, body) } }
}

/** A secret that cannot be used never leads to an unsigned request, and never into a message. */
async function readSecret(file: string): Promise<Webhook | undefined> {
  try {
    return new Webhook((await readFile(file, 'utf8')).trim())
  } catch {
    return undefined
  }
}

const NO_ANSWER: Readonly<Record<string, string>> = { TIMEOUT: 'no answer in time', INTERRUPTED: 'interrupted' }

/** The cause by its code alone: messages of the network hold the address. */
function describeFailure(code: string | undefined): string {
  return code === undefined ? 'the request failed' : (NO_ANSWER[code] ?? `the request failed (${code})`)
}
