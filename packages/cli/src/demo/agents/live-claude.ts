/** Claude Code with the user's own credentials and model: the one demonstration that costs money. */
import { access, constants, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { TerminalError } from '@orchestrator/shared/core'
import type { CliEnvironment } from '../../config.ts'
import type { DemoAgent } from './agent.ts'

/** Each attempt is ended here, of which there are three at most. */
const LIVE_LIMIT_USD = 1
const LIVE_ATTEMPTS = 3
/** A rough guess from what such attempts ask: some ten requests each, most of them read from the cache. */
const LIKELY_USD = '0.20 to 0.60'

/** In the order in which Claude Code itself prefers them. */
const CREDENTIALS = ['ANTHROPIC_AUTH_TOKEN', 'ANTHROPIC_API_KEY', 'CLAUDE_CODE_OAUTH_TOKEN'] as const
const OFFICIAL = 'https://api.anthropic.com'

export interface LiveCredentials {
  /** How it is called, for people: never the credential itself. */
  readonly source: string
  /** Left out: a login that Claude Code keeps itself. */
  readonly variable?: { readonly name: string; readonly value: string }
}

/** @throws TerminalError CONFIG_INVALID when there are none */
export async function findCredentials(environment: CliEnvironment): Promise<LiveCredentials> {
  for (const name of CREDENTIALS) {
    const value = environment[name]
    if (value !== undefined) return { source: name, variable: { name, value } }
  }
  const login = join(environment.HOME, '.claude/.credentials.json')
  const isThere = await access(login, constants.R_OK).then(
    () => true,
    () => false,
  )
  if (isThere) return { source: `the login in ${login}` }
  throw new TerminalError(
    'CONFIG_INVALID',
    `there are no credentials for a model: set one of ${CREDENTIALS.join(', ')}, or log in with "claude" (${login} is not there)`,
  )
}

export interface LiveClaude {
  readonly program: string
  readonly model: string
  readonly environment: CliEnvironment
  readonly credentials: LiveCredentials
}

/** What a person has to know before it starts. */
export function announcementOf({ model, environment, credentials }: LiveClaude): readonly string[] {
  return [
    `Claude Code, LIVE: the model "${model}" at ${environment.ANTHROPIC_BASE_URL ?? OFFICIAL}, with ${credentials.source}.`,
    "It is sent the demonstration's two small repositories and its tasks, nothing else of this machine.",
    `Likely cost: ${LIKELY_USD} USD in all, a rough estimate; with a subscription, that share of its allowance.`,
    `Limit: each of at most ${LIVE_ATTEMPTS} attempts is ended at ${LIVE_LIMIT_USD} USD, which its last request may exceed: about ${LIVE_ATTEMPTS * LIVE_LIMIT_USD} USD at most.`,
  ]
}

/** Until disposed; the credential lies in a folder of its own meanwhile, whatever else is kept. */
export async function liveClaude({ program, model, environment, credentials }: LiveClaude): Promise<DemoAgent> {
  await using stack = new AsyncDisposableStack()
  const files = credentials.variable === undefined ? {} : await writeCredential(stack, credentials.variable)
  const { ANTHROPIC_BASE_URL: url } = environment
  const owned = stack.move()
  return {
    introduction: [
      `The agent of this demonstration is a real Claude Code with the real model "${model}"; all else is real too.`,
    ],
    settings: {
      adapter: 'claude',
      program,
      model,
      credentials: files,
      environment: url === undefined ? {} : { ANTHROPIC_BASE_URL: url },
    },
    limits: { usd: LIVE_LIMIT_USD },
    isScripted: false,
    [Symbol.asyncDispose]: async () => owned.disposeAsync(),
  }
}

async function writeCredential(
  stack: AsyncDisposableStack,
  { name, value }: NonNullable<LiveCredentials['variable']>,
): Promise<Record<string, string>> {
  const directory = await mkdtemp(join(tmpdir(), 'orchestrator-demo-key-'))
  stack.defer(async () => rm(directory, { recursive: true, force: true }))
  const file = join(directory, 'credential')
  await writeFile(file, value, { mode: 0o600 })
  return { [name]: file }
}
