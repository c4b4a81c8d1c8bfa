import { z } from 'zod'
import { TerminalError } from '../core/index.ts'

/** How to reach the broker and what it is declared with: spread into a service's environment schema. */
export const brokerEnvironment = {
  /** Comma-separated servers. */
  NATS_URL: z
    .string()
    .min(1)
    .default('nats://127.0.0.1:4222')
    .transform((urls) => urls.split(',').map((url) => url.trim())),
  NATS_USER: z.string().min(1).optional(),
  /** Read at start; the password itself is never in the environment. */
  NATS_PASSWORD_FILE: z.string().min(1).optional(),
  NATS_REPLICAS: z.coerce
    .number()
    .pipe(z.literal([1, 3, 5]))
    .default(1),
  /** The ledger's share of the store: submits are refused when it is nearly full. */
  LEDGER_MAX_BYTES: z.coerce
    .number()
    .int()
    .min(64 * 1024 * 1024)
    .default(1024 * 1024 * 1024),
}

/** What every service has: spread into its environment schema. */
export const commonEnvironment = {
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  SETTINGS_FILE: z.string().min(1).optional(),
  /** Serves /livez and /readyz on all interfaces of the pod; left out: no such server. */
  HEALTH_PORT: z.coerce.number().int().min(0).max(65_535).optional(),
}

/**
 * Reads the environment once, by schema. An empty variable counts as not set.
 * @throws TerminalError CONFIG_INVALID naming every variable at fault, its value and what is wrong with it
 */
export function parseConfig<S extends z.ZodObject>(
  schema: S,
  environment: Readonly<Record<string, string | undefined>>,
): z.output<S> {
  const set = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''))
  const parsed = schema.safeParse(set)
  if (parsed.success) return parsed.data
  const faults = parsed.error.issues.map(({ path, message }) => `  ${describeVariable(path, set)}: ${message}`)
  throw new TerminalError('CONFIG_INVALID', `the environment is not valid:\n${faults.join('\n')}`)
}

function describeVariable(path: readonly PropertyKey[], set: Readonly<Record<string, unknown>>): string {
  const name = String(path[0] ?? 'environment')
  return name in set ? `${name}=${JSON.stringify(set[name])}` : `${name} (not set)`
}
