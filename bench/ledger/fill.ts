import { setTimeout as delay } from 'node:timers/promises'
import type { Broker } from '@orchestrator/shared/nats'
import { type HistoryOptions, historyOf } from './history.ts'

/** Published between two round trips: a broker that falls behind would drop what nobody waits for. */
const WINDOW = 2000
const STORE_LIMIT_MS = 10_000

/**
 * Fills a broker as if it had lived through it: plain publishes without waiting, and without expectations, because
 * nobody else writes. @returns how many messages were stored, all streams together
 */
export async function fill({ nc, jsm }: Broker, history: HistoryOptions): Promise<number> {
  let sent = 0
  for (const { subject, text } of historyOf(history)) {
    nc.publish(subject, text)
    sent += 1
    if (sent % WINDOW === 0) await nc.flush()
  }
  await nc.flush()
  await untilStored(jsm, sent)
  return sent
}

/** What was taken may still be on its way into its stream. */
async function untilStored(jsm: Broker['jsm'], sent: number): Promise<void> {
  const until = performance.now() + STORE_LIMIT_MS
  let stored = 0
  while (stored !== sent && performance.now() < until) {
    await delay(50)
    stored = await storedMessages(jsm)
  }
  if (stored !== sent) throw new Error(`the broker stored ${stored} of ${sent} messages`)
}

async function storedMessages(jsm: Broker['jsm']): Promise<number> {
  let stored = 0
  for await (const { state } of jsm.streams.list()) stored += state.messages
  return stored
}
