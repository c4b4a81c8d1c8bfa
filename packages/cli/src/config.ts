import { parseConfig } from '@orchestrator/shared/service'
import { z } from 'zod'

/** The variables that the command line knows. An empty one counts as not set. */
export const CliEnvironment = z.object({
  ORCHESTRATOR_URL: z
    .url({ protocol: /^https?$/, error: 'use http://host:port' })
    .optional()
    .describe('where the server listens; `--server` goes before it'),
  ORCHESTRATOR_API_URL: z
    .url({ protocol: /^https?$/, error: 'use http://host:port' })
    .optional()
    .describe('the earlier name of ORCHESTRATOR_URL, which goes before it'),
  ORCHESTRATOR_TOKEN_FILE: z.string().optional().describe('file with the token for the server'),
  ORCHESTRATOR_TOKEN: z.string().optional().describe('the token itself, where no file can be had'),
  ORCHESTRATOR_STATE_DIR: z.string().optional().describe('where `up` keeps everything'),
  ORCHESTRATOR_COMMAND: z
    .string()
    .default('orchestrator')
    .describe('how people call this program, for the commands that it prints'),
  ORCHESTRATOR_NATS_SERVER: z.string().optional().describe('the broker that `up` starts'),
  ORCHESTRATOR_CLAUDE: z
    .string()
    .optional()
    .describe('Claude Code for demonstrations, where it is not the one on the PATH'),
  ANTHROPIC_API_KEY: z.string().optional().describe('for `demo --live`'),
  ANTHROPIC_AUTH_TOKEN: z.string().optional().describe('for `demo --live`'),
  CLAUDE_CODE_OAUTH_TOKEN: z.string().optional().describe('for `demo --live`'),
  ANTHROPIC_BASE_URL: z
    .url({ protocol: /^https?$/, error: 'use http://host:port or https://host' })
    .optional()
    .describe('for `demo --live`'),
  SETTINGS_FILE: z.string().optional().describe('the settings file, where `--config` names none'),
  TEMPLATES_DIR: z.string().optional().describe('your own templates: what is not there comes with Orchestrator'),
  CREDENTIALS_DIR: z
    .string()
    .optional()
    .describe('tokens and keys of git; usually `credentials/` in the state directory'),
  XDG_STATE_HOME: z.string().optional().describe('below it is the usual state directory'),
  HOME: z.string().default('/').describe('below it is the usual state directory, and the logins that agents may use'),
  PATH: z.string().default('/usr/local/bin:/usr/bin:/bin').describe('where programs are found'),
  SSH_AUTH_SOCK: z.string().optional().describe('the SSH agent that git may use'),
  HTTP_PROXY: z.string().optional().describe('how programs that it starts, and git of attempts, reach the network'),
  HTTPS_PROXY: z.string().optional().describe('the same'),
  NO_PROXY: z.string().optional().describe('the same'),
  NODE_EXTRA_CA_CERTS: z.string().optional().describe('the same'),
  NO_COLOR: z.string().optional().describe('not empty: no colours'),
  FORCE_COLOR: z.string().optional().describe('not empty: colours also where no terminal is; `0`: none'),
  ORCHESTRATOR_PAGER: z
    .string()
    .optional()
    .describe('shows what is longer than the terminal; goes before PAGER; `cat` for none'),
  PAGER: z.string().optional().describe('the same, for all programs; `less` where neither is set'),
  TERM: z.string().optional().describe('`dumb`: no colours, nothing is updated in place'),
})
export type CliEnvironment = z.output<typeof CliEnvironment>

const PROXIES = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'] as const

/** Those that are set. */
export function proxiesOf(environment: CliEnvironment): Readonly<Record<string, string>> {
  const set = PROXIES.flatMap((name) => (environment[name] === undefined ? [] : [[name, environment[name]] as const]))
  return Object.fromEntries(set)
}

/** What a program needs of the environment to reach the network as its caller does. */
export function networkOf(environment: CliEnvironment): Readonly<Record<string, string>> {
  const { NODE_EXTRA_CA_CERTS } = environment
  return { ...proxiesOf(environment), ...(NODE_EXTRA_CA_CERTS !== undefined && { NODE_EXTRA_CA_CERTS }) }
}

/** @throws TerminalError CONFIG_INVALID */
export function readEnvironment(environment: Readonly<Record<string, string | undefined>>): CliEnvironment {
  return parseConfig(CliEnvironment, environment)
}

/** Each variable, and what it is for. */
export const VARIABLES: readonly (readonly [name: string, meaning: string])[] = Object.entries(
  CliEnvironment.shape,
).map(([name, schema]) => [name, schema.description ?? ''])
