import type { Clock } from '@orchestrator/shared/core'
import type { Logger } from '@orchestrator/shared/service'
import type { LogArchive } from './port.ts'

const DAY_MS = 24 * 60 * 60 * 1000
const HOUR_MS = 60 * 60 * 1000

export interface ExpiryOptions {
  readonly archive: Pick<LogArchive, 'expire'>
  readonly maxAgeDays: number
  readonly clock: Clock
  readonly logger: Logger
}

/** Deletes logs that are older than the archive keeps them, now and every hour. */
export async function keepExpiring(options: ExpiryOptions, signal: AbortSignal): Promise<void> {
  const { archive, maxAgeDays, clock, logger } = options
  for (;;) {
    const logs = await archive.expire(new Date(clock.now().getTime() - maxAgeDays * DAY_MS))
    if (logs > 0) logger.info({ logs, maxAgeDays }, 'archived logs expired')
    await clock.sleep(HOUR_MS, signal)
  }
}
