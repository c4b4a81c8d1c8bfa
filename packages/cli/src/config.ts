import { parseConfig } from '@orchestrator/shared/service'
import { z } from 'zod'

/** The variables that the command line knows. An empty one counts as not set. */
export const CliEnvironment = z.object({
  /** Where the server listens. */
  ORCHESTRATOR_URL: z.url({ protocol: /^https?$/, error: 'use http://host:port' }).optional(),
  /** File with the token for the server. */
  ORCHESTRATOR_TOKEN_FILE: z.string().optional(),
  /** The token itself, where no file can be had. */
  ORCHESTRATOR_TOKEN: z.string().optional(),
  /** Where `up` keeps everything. */
  ORCHESTRATOR_STATE_DIR: z.string().optional(),
  /** How people call this program, for the commands that it prints. */
  ORCHESTRATOR_COMMAND: z.string().default('orchestrator'),
  /** The broker that `up` starts. */
  ORCHESTRATOR_NATS_SERVER: z.string().optional(),
  /** Claude Code for demonstrations, where it is not the one on the PATH. */
  ORCHESTRATOR_CLAUDE: z.string().optional(),
  /** The user's own, for a demonstration with a real model. */
  ANTHROPIC_API_KEY: z.string().optional(),
  ANTHROPIC_AUTH_TOKEN: z.string().optional(),
  CLAUDE_CODE_OAUTH_TOKEN: z.string().optional(),
  ANTHROPIC_BASE_URL: z.url({ protocol: /^https?$/, error: 'use http://host:port or https://host' }).optional(),
  SETTINGS_FILE: z.string().optional(),
  /** A person's own templates: what is not there comes with Orchestrator. */
  TEMPLATES_DIR: z.string().optional(),
  XDG_STATE_HOME: z.string().optional(),
  HOME: z.string().default('/'),
  PATH: z.string().default('/usr/local/bin:/usr/bin:/bin'),
  SSH_AUTH_SOCK: z.string().optional(),
  /** How programs that it starts reach the network. */
  HTTP_PROXY: z.string().optional(),
  HTTPS_PROXY: z.string().optional(),
  NO_PROXY: z.string().optional(),
  NODE_EXTRA_CA_CERTS: z.string().optional(),
  NO_COLOR: z.string().optional(),
  TERM: z.string().optional(),
})
export type CliEnvironment = z.output<typeof CliEnvironment>

const NETWORK = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'NODE_EXTRA_CA_CERTS'] as const

/** What a program needs of the environment to reach the network as its caller does. */
export function networkOf(environment: CliEnvironment): Readonly<Record<string, string>> {
  const set = NETWORK.flatMap((name) => (environment[name] === undefined ? [] : [[name, environment[name]] as const]))
  return Object.fromEntries(set)
}

/** @throws TerminalError CONFIG_INVALID */
export function readEnvironment(environment: Readonly<Record<string, string | undefined>>): CliEnvironment {
  return parseConfig(CliEnvironment, environment)
}
