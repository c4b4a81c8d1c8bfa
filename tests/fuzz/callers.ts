/** Who sends a fuzzed request, under which names, and what such a one may get at best. */
import { accessTokenOf } from '@orchestrator/shared/contracts'
import fc from 'fast-check'
import { z } from 'zod'
import type { FuzzRequest } from './openapi-requests.ts'

export interface Caller {
  readonly kind: string
  readonly authorization?: string
  /** Undefined: it may ask for nothing that needs a token. */
  readonly scopes: readonly string[] | undefined
  /** The only service that it may read and name. */
  readonly service?: string
}

const ALL = ['read', 'submit', 'operate', 'admin']
const ADMIN = Buffer.alloc(32, 7)
export const ADMIN_TOKEN = accessTokenOf(ADMIN)
const ONLY_SERVICE = 'x'

interface Made {
  readonly kind: string
  readonly weight: number
  readonly scopes: readonly string[]
  readonly services?: readonly string[]
  readonly becomes?: 'revoked' | 'expired'
}

const MADE: readonly Made[] = [
  { kind: 'admin', weight: 60, scopes: ['admin'] },
  { kind: 'reader', weight: 4, scopes: ['read'] },
  { kind: 'submitter', weight: 4, scopes: ['submit'] },
  { kind: 'operator', weight: 4, scopes: ['operate'] },
  { kind: 'of one service', weight: 6, scopes: ['read', 'submit', 'operate'], services: [ONLY_SERVICE] },
  { kind: 'revoked', weight: 4, scopes: ['admin'], becomes: 'revoked' },
  { kind: 'expired', weight: 4, scopes: ['admin'], becomes: 'expired' },
]

const WITHOUT: readonly (readonly [weight: number, caller: Caller])[] = [
  [10, { kind: 'bootstrap', authorization: `Bearer ${ADMIN_TOKEN}`, scopes: ALL }],
  [4, { kind: 'without a token', scopes: undefined }],
  [2, { kind: 'foreign', authorization: `Bearer ${accessTokenOf(Buffer.alloc(32, 9))}`, scopes: undefined }],
  [1, { kind: 'malformed', authorization: 'Bearer', scopes: undefined }],
  [1, { kind: 'malformed', authorization: `Basic ${ADMIN.toString('base64')}`, scopes: undefined }],
  [1, { kind: 'malformed', authorization: `Bearer ${ADMIN_TOKEN} ${ADMIN_TOKEN}`, scopes: undefined }],
  [1, { kind: 'malformed', authorization: `Bearer ${'x'.repeat(5000)}`, scopes: undefined }],
  [1, { kind: 'malformed', authorization: `Bearer "'; DROP TABLE tokens;--`, scopes: undefined }],
]

const Answer = z.object({ token: z.string() })

export interface CallerSource {
  readonly url: string
  /** Makes what was made to expire expire. */
  readonly expire: () => void
}

/** Makes the tokens, as an administrator does. */
export async function createCallers({ url, expire }: CallerSource): Promise<fc.Arbitrary<Caller>> {
  const post = async (path: string, body?: unknown): Promise<unknown> => {
    const headers = { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' }
    const response = await fetch(new URL(path, url), { method: 'POST', headers, body: JSON.stringify(body ?? {}) })
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
    return await response.json()
  }
  const made: (readonly [number, Caller])[] = []
  for (const [at, { kind, weight, scopes, services, becomes }] of MADE.entries()) {
    const name = `fuzz-token-${at}`
    const expiresAt = becomes === 'expired' ? { expiresAt: new Date(Date.now() + 3_600_000).toISOString() } : {}
    const { token } = Answer.parse(
      await post('/v1/tokens', { name, scopes, ...expiresAt, ...(services === undefined ? {} : { services }) }),
    )
    if (becomes === 'revoked') await post(`/v1/tokens/${name}/revoke`)
    const allowed = scopes.includes('admin') ? ALL : scopes
    const [service] = services ?? []
    made.push([
      weight,
      {
        kind,
        authorization: `Bearer ${token}`,
        scopes: becomes === undefined ? allowed : undefined,
        ...(service === undefined ? {} : { service }),
      },
    ])
  }
  expire()
  return fc.oneof(...[...made, ...WITHOUT].map(([weight, caller]) => ({ weight, arbitrary: fc.constant(caller) })))
}

export interface Names {
  readonly host?: string
  readonly origin?: string
  readonly own: boolean
}

/** The names that a request comes under: mostly ours. */
export function createNames(url: string): fc.Arbitrary<Names> {
  const { host, port } = new URL(url)
  const own: readonly Names[] = [
    { own: true },
    { host: `localhost:${port}`, own: true },
    { host, origin: `http://${host}`, own: true },
  ]
  const others: readonly Names[] = [
    ...[
      'evil.example',
      `evil.example:${port}`,
      '127.0.0.1:1',
      `${host}.evil.example`,
      `user@${host}`,
      '[::1',
      '\u00E4',
    ].map((name) => ({ host: name, own: false })),
    ...['http://evil.example', 'null', `https://${host}.evil.example`, `http://evil.example/#${host}`].map(
      (origin) => ({
        origin,
        own: false,
      }),
    ),
  ]
  return fc.oneof(
    { weight: 40, arbitrary: fc.constantFrom(...own) },
    { weight: 2, arbitrary: fc.constantFrom(...others) },
  )
}

/** What is wrong with an answer, seen from who asked. */
export function faultOfAccess(
  { operation, scopes }: Pick<FuzzRequest, 'operation' | 'scopes'>,
  { caller, names }: { readonly caller: Caller; readonly names: Names },
  { status, body }: { readonly status: number; readonly body: string },
): string | undefined {
  if (status >= 400) return undefined
  if (!names.own) return `${status} under the name of somebody else`
  if (scopes === undefined) return undefined
  const isAllowed = scopes.every((scope) => caller.scopes?.includes(scope) === true) && caller.scopes !== undefined
  if (!isAllowed) return `${status} for ${operation} to a caller who is ${caller.kind}`
  // The examples of the document name services too.
  const isAbout = caller.service !== undefined && operation !== 'getOpenApi'
  const others = !isAbout ? [] : [...body.matchAll(/"service":"([^"]*)"/g)].map(([, name]) => name)
  const other = others.find((name) => name !== caller.service)
  return other === undefined ? undefined : `the service ${other} told to a caller who is ${caller.kind}`
}
