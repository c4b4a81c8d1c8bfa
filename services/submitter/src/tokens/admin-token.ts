import { timingSafeEqual } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { ACCESS_TOKEN } from '@orchestrator/shared/contracts'
import { sha256Hex, TerminalError } from '@orchestrator/shared/core'

/** True for the token of the operator's file, which may everything. */
export type IsAdminToken = (token: string) => boolean

/**
 * The token that whoever runs the service has put into a file: the one that the first others are made with.
 * @throws TerminalError CONFIG_INVALID
 */
export async function readAdminToken(file: string | undefined): Promise<IsAdminToken> {
  if (file === undefined) return () => false
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new TerminalError('CONFIG_INVALID', `cannot read ADMIN_TOKEN_FILE=${file}: correct it or unset it`, { cause })
  })
  const token = text.trim()
  if (!ACCESS_TOKEN.test(token)) {
    const remedy = 'put "orc_" and 43 random characters of A-Z, a-z, 0-9, "_" and "-" there'
    throw new TerminalError('CONFIG_INVALID', `ADMIN_TOKEN_FILE=${file} holds no token: ${remedy}`)
  }
  const hash = Buffer.from(sha256Hex(token))
  return (presented) => timingSafeEqual(Buffer.from(sha256Hex(presented)), hash)
}
