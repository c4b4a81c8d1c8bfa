import { brokerEnvironment, commonEnvironment } from '@orchestrator/shared/service'
import { z } from 'zod'

const MIB = 1024 * 1024

/** The watcher's environment. */
export const WatcherEnvironment = z.object({
  ...commonEnvironment,
  ...brokerEnvironment,
  /** Workspaces, launch folders and the machine id: absolute, the launcher's own. */
  STATE_DIR: z.string().startsWith('/', 'must be an absolute path'),
  /** Where whole logs are kept: absolute; `archive` below STATE_DIR when left out. */
  ARCHIVE_DIR: z.string().startsWith('/', 'must be an absolute path').optional(),
  /** Older logs are deleted. */
  ARCHIVE_MAX_AGE_DAYS: z.coerce.number().int().min(1).max(36_500).default(90),
  RUNTIME: z.enum(['process']).default('process'),
  /** Each attempt is looked at this often, whatever events and changed files say. */
  LOOK_INTERVAL_MS: z.coerce.number().int().min(10).max(3_600_000).default(30_000),
  /** More of one attempt's log is cut in the middle, and counted. */
  LOG_BYTES_PER_ATTEMPT: z.coerce
    .number()
    .int()
    .min(64 * 1024)
    .default(64 * MIB),
})
export type WatcherConfig = z.output<typeof WatcherEnvironment>
