import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { TerminalError } from '@orchestrator/shared/core'
import type { CliEnvironment } from './config.ts'

export interface TokenSources {
  /** As given with `--token-file`. */
  readonly given: string | undefined
  /** Of the `up` on this machine that was found. */
  readonly announced: string | undefined
  readonly environment: Pick<CliEnvironment, 'ORCHESTRATOR_TOKEN_FILE' | 'ORCHESTRATOR_TOKEN'>
  readonly cwd: string
}

/**
 * The token for the server: `--token-file`, `ORCHESTRATOR_TOKEN_FILE`, `ORCHESTRATOR_TOKEN`, else what `up` left for its
 * own user. Never an argument: every process of the machine may read those.
 * @throws TerminalError CONFIG_INVALID, which names the place and never the token
 */
export async function findToken({ given, announced, environment, cwd }: TokenSources): Promise<string | undefined> {
  const { ORCHESTRATOR_TOKEN_FILE: file, ORCHESTRATOR_TOKEN: token } = environment
  if (given !== undefined) return await readToken(resolve(cwd, given), `--token-file ${given}`)
  if (file !== undefined) return await readToken(resolve(cwd, file), `ORCHESTRATOR_TOKEN_FILE=${file}`)
  if (token !== undefined) return checked(token, 'ORCHESTRATOR_TOKEN')
  // Of another user: the server says what to do.
  if (announced !== undefined) return await readToken(announced, announced).catch(() => undefined)
  return undefined
}

async function readToken(path: string, place: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new TerminalError('CONFIG_INVALID', `cannot read ${place}: correct it or leave it out`, { cause })
  })
  return checked(text, place)
}

/** What a header cannot hold would be named by whoever refuses it. */
function checked(text: string, place: string): string {
  const token = text.trim()
  if (/^[\x21-\x7E]+$/.test(token)) return token
  throw new TerminalError('CONFIG_INVALID', `${place} holds no token: put there what "tokens create" printed`)
}
