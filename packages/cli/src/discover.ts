import { TerminalError } from '@orchestrator/shared/core'
import { z } from 'zod'
import type { CliEnvironment } from './config.ts'
import { statePath } from './state-path.ts'
import { readUpFile } from './up/state-directory.ts'

export interface Discovery {
  /** As given with `--server`. */
  readonly server: string | undefined
  /** As given with `--state-dir`. */
  readonly stateDirectory: string | undefined
  readonly environment: CliEnvironment
  readonly cwd: string
}

export interface FoundServer {
  readonly url: string
  /** How it was found, for messages. */
  readonly source: string
  /** A token for it that whoever may read the state directory has. */
  readonly tokenFile?: string
}

const ServerUrl = z.url({ protocol: /^https?$/ })

/**
 * Where the server listens: `--server`, else `ORCHESTRATOR_URL`, else what `up` announced on this machine.
 * @throws TerminalError INPUT_INVALID, SERVER_UNREACHABLE when nothing says where it is
 */
export async function findServer({ server, stateDirectory, environment, cwd }: Discovery): Promise<FoundServer> {
  if (server !== undefined) return { url: parseServer(server), source: '--server' }
  // A state directory that was named for this call means the server there.
  const named = stateDirectory === undefined ? namedServer(environment) : undefined
  if (named !== undefined) return named
  const path = statePath({ given: stateDirectory, environment, cwd })
  const up = await readUpFile(path)
  if (up !== undefined) {
    const { url, tokenFile } = up
    return { url, source: `${path}/up.json`, ...(tokenFile === undefined ? {} : { tokenFile }) }
  }
  const start = `${environment.ORCHESTRATOR_COMMAND} up`
  throw new TerminalError(
    'SERVER_UNREACHABLE',
    `no server is running here (state directory ${path}): start one with "${start}", or name one with --server or ORCHESTRATOR_URL`,
  )
}

function namedServer({ ORCHESTRATOR_URL, ORCHESTRATOR_API_URL }: CliEnvironment): FoundServer | undefined {
  if (ORCHESTRATOR_URL !== undefined) return { url: ORCHESTRATOR_URL, source: 'ORCHESTRATOR_URL' }
  if (ORCHESTRATOR_API_URL === undefined) return undefined
  return { url: toServerUrl(ORCHESTRATOR_API_URL), source: 'ORCHESTRATOR_API_URL' }
}

/** Earlier users name the root of the API. */
export function toServerUrl(apiUrl: string): string {
  return apiUrl.replace(/\/api\/v1\/*$/, '')
}

function parseServer(text: string): string {
  if (ServerUrl.safeParse(text).success) return text
  throw new TerminalError('INPUT_INVALID', `--server ${JSON.stringify(text)} is not an address: use http://host:port`)
}
