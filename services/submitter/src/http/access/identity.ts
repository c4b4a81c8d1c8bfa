import { SCOPES, type Scope, type TokenDocument } from '@orchestrator/shared/contracts'
import type { IsAdminToken } from '../../tokens/admin-token.ts'
import type { KnownTokens } from '../../tokens/known-tokens.ts'
import { stateOf } from '../../tokens/tokens.ts'

/** Who calls. */
export interface Identity {
  /** As the ledger names them. */
  readonly name: string
  readonly scopes: ReadonlySet<string>
  /** The only services that it may name; null: all. */
  readonly services: ReadonlySet<string> | null
  /** Whose force may end while a request is answered; undefined for callers without one of their own. */
  readonly token?: TokenDocument
}

const ALL: ReadonlySet<Scope> = new Set(SCOPES)
/** Everyone on this machine, where no token is needed. */
export const LOCAL: Identity = { name: 'local', scopes: ALL, services: null }
const BOOTSTRAP: Identity = { name: 'bootstrap', scopes: ALL, services: null }

/** `unknown`: nobody made it. */
export type Presented = Identity | 'missing' | 'malformed' | 'unknown' | 'expired' | 'revoked'

export interface IdentifyDependencies {
  readonly known: Pick<KnownTokens, 'find'>
  readonly isAdmin: IsAdminToken
  readonly now: () => Date
}

/** @throws RetryableError BROKER_UNAVAILABLE when tokens cannot be checked */
export function identify(header: string | undefined, { known, isAdmin, now }: IdentifyDependencies): Presented {
  if (header === undefined) return 'missing'
  const token = /^bearer +([\w.~+/-]{1,200}=*) *$/i.exec(header)?.[1]
  if (token === undefined) return 'malformed'
  if (isAdmin(token)) return BOOTSTRAP
  const document = known.find(token)
  if (document === undefined) return 'unknown'
  const state = stateOf(document, now())
  return state === 'active' ? identityOf(document) : state
}

/** Once for each revision of a document, not for each request. */
const identities = new WeakMap<TokenDocument, Identity>()

function identityOf(document: TokenDocument): Identity {
  const made = identities.get(document)
  if (made !== undefined) return made
  const { name, scopes, services } = document
  const identity = {
    name,
    scopes: scopes.includes('admin') ? ALL : new Set(scopes),
    services: services === null ? null : new Set(services),
    token: document,
  }
  identities.set(document, identity)
  return identity
}
