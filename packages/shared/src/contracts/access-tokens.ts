/** Who may use the HTTP API, and for what. The document of a token is in `documents.ts`' bucket `tokens`. */
import { z } from 'zod'
import { AgentName, ServiceName } from './identity.ts'

/**
 * What a token may do. `read`: see tasks, attempts, logs. `submit`: submit and retry. `operate`: stop, release, dead
 * letters, rebuild. `admin`: all of it, and tokens. None but `admin` includes another.
 */
export const SCOPES = ['read', 'submit', 'operate', 'admin'] as const
export const Scope = z.enum(SCOPES)
export type Scope = z.infer<typeof Scope>

/** Names that the ledger has for callers without a token of their own. */
export const RESERVED_CALLERS = ['local', 'bootstrap'] as const

/** The ledger names who asked by it: a name is never given twice. */
export const TokenName = AgentName.refine(
  (name) => !RESERVED_CALLERS.some((reserved) => reserved === name),
  `"local" and "bootstrap" mean somebody else: choose another name`,
)

const TOKEN_PREFIX = 'orc_'
/** `orc_` and 256 random bits in base64url. */
export const ACCESS_TOKEN = new RegExp(`^${TOKEN_PREFIX}[A-Za-z0-9_-]{43}$`)

/** @param random 32 bytes */
export function accessTokenOf(random: Buffer): string {
  return TOKEN_PREFIX + random.toString('base64url')
}

/** Bucket `tokens`, key = name. A revoked one stays, so that its name stays taken. */
export const TokenDocument = z.looseObject({
  v: z.literal(1),
  name: z.string(),
  /** SHA-256 of the token, in hex: the token itself is nowhere. */
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  /** One that this release does not know allows nothing. */
  scopes: z.array(z.string()),
  /** The only services that it is for; null: all. */
  services: z.array(ServiceName).nullable(),
  createdAt: z.iso.datetime(),
  /** Name of the token that made it. */
  createdBy: z.string(),
  expiresAt: z.iso.datetime().nullable(),
  revokedAt: z.iso.datetime().nullable(),
  revokedBy: z.string().nullable(),
})
export type TokenDocument = z.infer<typeof TokenDocument>

/** `POST /v1/tokens` */
export const TokenBody = z
  .strictObject({
    name: TokenName,
    scopes: z.array(Scope).min(1, `name at least one of ${SCOPES.join(', ')}`),
    services: z.exactOptional(z.array(ServiceName).min(1).max(100)),
    expiresAt: z.exactOptional(z.iso.datetime('use a time such as "2027-01-31T00:00:00Z"')),
  })
  .refine(({ scopes, services }) => services === undefined || !scopes.includes('admin'), {
    path: ['services'],
    message: 'a token with the scope admin could make others for any service: leave out one of the two',
  })
export type TokenBody = z.infer<typeof TokenBody>

export const TOKEN_STATES = ['active', 'expired', 'revoked'] as const

export const TokenView = z.object({
  name: z.string(),
  state: z.enum(TOKEN_STATES),
  scopes: z.array(z.string()),
  services: z.array(z.string()).nullable(),
  createdAt: z.string(),
  createdBy: z.string(),
  expiresAt: z.string().nullable(),
  revokedAt: z.string().nullable(),
  revokedBy: z.string().nullable(),
})
export type TokenView = z.infer<typeof TokenView>

/** The only time that the token is shown. */
export const TokenAnswer = z.object({ token: z.string(), ...TokenView.shape })
export type TokenAnswer = z.infer<typeof TokenAnswer>

/** `GET /v1/tokens` */
export const TokenList = z.object({ tokens: z.array(TokenView) })
export type TokenList = z.infer<typeof TokenList>
