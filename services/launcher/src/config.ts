import { brokerEnvironment, commonEnvironment } from '@orchestrator/shared/service'
import { BUILT_IN_TEMPLATES } from '@orchestrator/shared/templates'
import { z } from 'zod'

const milliseconds = (fallback: number): z.ZodDefault<z.ZodCoercedNumber> =>
  z.coerce.number().int().min(1).max(86_400_000).default(fallback)

/** The launcher's environment. Agents and caps are in the settings file. */
export const LauncherEnvironment = z.object({
  ...commonEnvironment,
  ...brokerEnvironment,
  /** Workspaces, launch folders and the machine id: absolute, on a local disk, shared with the watcher. */
  STATE_DIR: z.string().startsWith('/', 'must be an absolute path'),
  RUNTIME: z.enum(['process']).default('process'),
  /** Each workspace with something in it is looked at this often, whatever events say. */
  RECONCILE_INTERVAL_MS: milliseconds(30_000),
  /** How long a held runner waits for its `go`. */
  HOLD_LIMIT_MS: milliseconds(30_000),
  /** How long a new runner may take until it is held. */
  LAUNCH_TIMEOUT_MS: milliseconds(30_000),
  /** Between being asked to stop and SIGTERM; and, 10 s at most, between SIGTERM and SIGKILL. */
  STOP_GRACE_MS: milliseconds(30_000),
  /** Holds `implementation/`; a file that is missing there is taken from the templates that come with the launcher. */
  TEMPLATES_DIR: z.string().min(1).default(BUILT_IN_TEMPLATES),
  /** Absolute: tokens and keys of git, in files; `credentials/` in the state directory when left out. */
  CREDENTIALS_DIR: z.string().startsWith('/', 'must be an absolute path').optional(),
  /** Home of a person whose git helpers, SSH keys and known hosts serve where that has nothing: on that person's machine. */
  GIT_USER_HOME: z.string().startsWith('/').optional(),
  /** Given to the runner's git, never to the agent. */
  GIT_SSH_AUTH_SOCK: z.string().min(1).optional(),
  /** Proxies of the runner's git; one with a password is passed over. Agents have theirs in the settings. */
  HTTP_PROXY: z.string().optional(),
  HTTPS_PROXY: z.string().optional(),
  NO_PROXY: z.string().optional(),
  /** Home whose logins agents may use that have no credentials of their own: a person's, on that person's machine. */
  AGENT_LOGIN_HOME: z.string().startsWith('/').optional(),
  /** What a runner finds its programs by. */
  PATH: z.string().default(() => process.env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin'),
  LANG: z.string().default(() => process.env['LANG'] ?? 'C.UTF-8'),
})
export type LauncherConfig = z.output<typeof LauncherEnvironment>
