import type { DeliveryDocument } from '@orchestrator/shared/contracts'
import type { Clock } from '@orchestrator/shared/core'
import type { Logger } from '@orchestrator/shared/service'
import { FORGOTTEN_AFTER_MS } from '../telling/first-word.ts'
import { isSettled } from './delivery.ts'

const DAY_MS = 24 * 3_600_000
const HOUR_MS = 3_600_000

/** A day more than what counts as told without a record: so nothing is told twice for want of one. */
export const DELIVERY_MAX_AGE_MS = FORGOTTEN_AFTER_MS + DAY_MS

/** All is told, and the channel does not have to find anything again. */
export function isForgettable(document: DeliveryDocument): boolean {
  return isSettled(document) && document.root === undefined
}

export interface ForgetOptions {
  /** @returns how many went */
  readonly expire: (maxAgeMs: number, signal: AbortSignal) => Promise<number>
  readonly clock: Clock
  readonly logger: Logger
}

/** Now and every hour: the bucket refuses new tasks once it is full of old ones. */
export async function forgetDeliveries({ expire, clock, logger }: ForgetOptions, signal: AbortSignal): Promise<void> {
  for (;;) {
    const deliveries = await expire(DELIVERY_MAX_AGE_MS, signal)
    if (deliveries > 0) logger.info({ deliveries }, 'old deliveries forgotten')
    await clock.sleep(HOUR_MS, signal)
  }
}
