import { isIP } from 'node:net'
import { brokerEnvironment, commonEnvironment } from '@orchestrator/shared/service'
import { z } from 'zod'
import { VIEW_CACHE_MIB } from './view/open-database.ts'

const NOT_LOOPBACK =
  'is not an address of this machine alone, and no tokens are required: set REQUIRE_TOKENS=true, or use 127.0.0.1'

/** True for names and addresses that only this machine can reach. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}

const Environment = z.object({
  ...commonEnvironment,
  ...brokerEnvironment,
  HOST: z.string().default('127.0.0.1'),
  /** 0: any free port. */
  PORT: z.coerce.number().int().min(0).max(65_535).default(7070),
  /** True: every request but those for health needs a token. On loopback the default lets everybody in. */
  REQUIRE_TOKENS: z.stringbool('use true or false').default(false),
  /** Holds a token that may everything, to make the first others with. */
  ADMIN_TOKEN_FILE: z.string().min(1).optional(),
  /** Names that requests may be sent to, besides HOST and those of this machine: comma-separated. */
  ALLOWED_HOSTS: z
    .string()
    .default('')
    .transform((names) => names.split(',').flatMap((name) => (name.trim() === '' ? [] : [name.trim()]))),
  /** What one token may send; of requests without a good one an address may send a tenth. */
  TOKEN_REQUESTS_PER_SECOND: z.coerce.number().int().min(1).default(200),
  MAX_CONNECTIONS: z.coerce.number().int().min(1).default(4096),
  /**
   * SQLite file of this replica's view: a cache, made anew when it is missing, damaged or of another release. No two
   * replicas share one. `:memory:` keeps no file.
   */
  VIEW_FILE: z.string().min(1),
  /** How much of that file is kept in memory. */
  VIEW_CACHE_MIB: z.coerce.number().int().min(1).max(4096).default(VIEW_CACHE_MIB),
  /** Where the watcher keeps whole logs; left out: logs are gone when the stream has let them go. */
  ARCHIVE_DIR: z.string().startsWith('/', 'must be an absolute path').optional(),
})

/**
 * The submitter's environment. Services, agents and their defaults are in the settings file. Beyond loopback nobody is let
 * in without a token.
 */
export const SubmitterEnvironment = Environment.refine(
  ({ HOST, REQUIRE_TOKENS }) => REQUIRE_TOKENS || isLoopback(HOST),
  { path: ['HOST'], message: NOT_LOOPBACK },
)
export type SubmitterConfig = z.output<typeof SubmitterEnvironment>
