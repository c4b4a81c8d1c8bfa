import {
  accessTokenOf,
  type TokenAnswer,
  type TokenBody,
  type TokenDocument,
  type TokenView,
} from '@orchestrator/shared/contracts'
import { hasCode, sha256Hex, TerminalError } from '@orchestrator/shared/core'
import type { Documents } from '@orchestrator/shared/nats'
import { InvalidInput } from '../submit/faults.ts'
import type { KnownTokens } from './known-tokens.ts'

export interface TokensDependencies {
  readonly documents: Pick<Documents<TokenDocument>, 'get' | 'create' | 'update' | 'list'>
  readonly known: Pick<KnownTokens, 'apply'>
  readonly now: () => Date
  readonly randomBytes: (size: number) => Buffer
}

/** Making, showing and revoking tokens. All throw RetryableError BROKER_UNAVAILABLE. */
export interface Tokens {
  /** @throws InvalidInput for a name that is or was somebody's, or a time that has passed */
  create(body: TokenBody, createdBy: string): Promise<TokenAnswer>
  list(): Promise<readonly TokenView[]>
  /** Revoked twice, the first time counts. @throws TerminalError NOT_FOUND */
  revoke(name: string, revokedBy: string): Promise<TokenView>
}

export function createTokens({ documents, known, now, randomBytes }: TokensDependencies): Tokens {
  const revoke = async (name: string, revokedBy: string): Promise<TokenView> => {
    const entry = await documents.get(name)
    if (entry === undefined)
      throw new TerminalError('NOT_FOUND', `there is no token ${name}: GET /v1/tokens lists those that are there`)
    if (entry.value.revokedAt !== null) return toView(entry.value, now())
    const revoked = { ...entry.value, revokedAt: now().toISOString(), revokedBy }
    try {
      known.apply(revoked, await documents.update(name, revoked, entry.revision))
    } catch (error) {
      // Somebody else was faster, perhaps with the same.
      if (hasCode(error, 'DOCUMENT_CONFLICT')) return await revoke(name, revokedBy)
      throw error
    }
    return toView(revoked, now())
  }
  return {
    create: async (body, createdBy) => {
      const token = accessTokenOf(randomBytes(32))
      const document = documentOf(body, { hash: sha256Hex(token), createdBy, now: now() })
      try {
        known.apply(document, await documents.create(body.name, document))
      } catch (error) {
        if (hasCode(error, 'DOCUMENT_CONFLICT')) throw nameTaken(body.name)
        throw error
      }
      return { token, ...toView(document, now()) }
    },
    list: async () => {
      const all = await documents.list()
      return all.map(({ value }) => toView(value, now())).toSorted((a, b) => (a.name < b.name ? -1 : 1))
    },
    revoke,
  }
}

function documentOf(
  { name, scopes, services, expiresAt }: TokenBody,
  { hash, createdBy, now }: { readonly hash: string; readonly createdBy: string; readonly now: Date },
): TokenDocument {
  if (expiresAt !== undefined && new Date(expiresAt) <= now)
    throw new InvalidInput([{ field: 'expiresAt', value: expiresAt, message: 'has passed: name a time to come' }])
  return {
    v: 1,
    name,
    hash,
    scopes,
    services: services ?? null,
    createdAt: now.toISOString(),
    createdBy,
    expiresAt: expiresAt ?? null,
    revokedAt: null,
    revokedBy: null,
  }
}

function nameTaken(name: string): InvalidInput {
  const message = 'is or was the name of a token, and the ledger may name it: choose another, for example with a number'
  return new InvalidInput([{ field: 'name', value: name, message }])
}

export function stateOf({ revokedAt, expiresAt }: TokenDocument, now: Date): TokenView['state'] {
  if (revokedAt !== null) return 'revoked'
  return expiresAt !== null && new Date(expiresAt) <= now ? 'expired' : 'active'
}

function toView(document: TokenDocument, now: Date): TokenView {
  const { name, scopes, services, createdAt, createdBy, expiresAt, revokedAt, revokedBy } = document
  const state = stateOf(document, now)
  return { name, state, scopes, services, createdAt, createdBy, expiresAt, revokedAt, revokedBy }
}
