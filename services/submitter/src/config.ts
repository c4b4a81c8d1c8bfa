import { isIP } from 'node:net'
import { brokerEnvironment, commonEnvironment } from '@orchestrator/shared/service'
import { z } from 'zod'

const NOT_LOOPBACK =
  'is not an address of this machine alone, and the API has no access tokens yet: use 127.0.0.1, ::1 or localhost'

/** True for names and addresses that only this machine can reach. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}

/** The submitter's environment. Services, agents and their defaults are in the settings file. */
export const SubmitterEnvironment = z.object({
  ...commonEnvironment,
  ...brokerEnvironment,
  HOST: z.string().refine(isLoopback, NOT_LOOPBACK).default('127.0.0.1'),
  /** 0: any free port. */
  PORT: z.coerce.number().int().min(0).max(65_535).default(7070),
  /**
   * SQLite file of this replica's view: a cache, made anew when it is missing, damaged or of another release. No two
   * replicas share one. `:memory:` keeps no file.
   */
  VIEW_FILE: z.string().min(1),
  /** Where the watcher keeps whole logs; left out: logs are gone when the stream has let them go. */
  ARCHIVE_DIR: z.string().startsWith('/', 'must be an absolute path').optional(),
})
export type SubmitterConfig = z.output<typeof SubmitterEnvironment>
