/** Requests that are refused for who sent them. Pure. */
import type { Scope } from '@orchestrator/shared/contracts'
import { HttpRefusal } from '../problems.ts'
import type { Identity, Presented } from './identity.ts'

const HOW = 'send one as "Authorization: Bearer …"; the command line takes --token-file or ORCHESTRATOR_TOKEN_FILE'

const WHY: Record<Exclude<Presented, Identity>, string> = {
  missing: `a token is needed: ${HOW}`,
  malformed: `the header Authorization holds no token: ${HOW}`,
  unknown: 'this token is not known here: ask whoever runs this server for one',
  expired: 'this token has expired: ask whoever runs this server for another',
  revoked: 'this token has been revoked: ask whoever runs this server for another',
}

/** Says by headers what a client should do about it. */
export class AccessRefusal extends HttpRefusal {
  readonly headers: Readonly<Record<string, string>>

  constructor(refusal: { status: number; code: string; message: string; headers: Readonly<Record<string, string>> }) {
    super(refusal.status, refusal.code, refusal.message)
    this.headers = refusal.headers
  }
}

const challenge = (parameters = ''): Readonly<Record<string, string>> => ({
  'www-authenticate': `Bearer realm="orchestrator"${parameters}`,
})

export function unauthenticated(why: Exclude<Presented, Identity>): AccessRefusal {
  const message = WHY[why]
  if (why === 'missing') return new AccessRefusal({ status: 401, code: 'TOKEN_MISSING', message, headers: challenge() })
  const headers = challenge(', error="invalid_token"')
  return new AccessRefusal({ status: 401, code: 'TOKEN_INVALID', message, headers })
}

/** @param who as they are to read it */
export function tooMany(who: string, afterSeconds: number): AccessRefusal {
  const message = `${who} has sent too many requests: the next is taken in ${afterSeconds} s`
  return new AccessRefusal({
    status: 429,
    code: 'RATE_LIMITED',
    message,
    headers: { 'retry-after': String(afterSeconds) },
  })
}

export function scopeMissing({ name, scopes }: Identity, scope: Scope): AccessRefusal {
  const has = [...scopes].join(', ')
  const message = `this needs a token with the scope ${scope}: ${name} has ${has === '' ? 'none' : has}`
  const headers = challenge(`, error="insufficient_scope", scope="${scope}"`)
  return new AccessRefusal({ status: 403, code: 'SCOPE_MISSING', message, headers })
}

/** @param service undefined where the request is about all of them */
export function serviceRefused({ name, services }: Identity, service: string | undefined): AccessRefusal {
  const own = [...(services ?? [])].join(', ')
  const asked = service === undefined ? 'this is about all services: name one of them' : `not for ${service}`
  const message = `the token ${name} is for ${own} only; ${asked}`
  return new AccessRefusal({
    status: 403,
    code: 'SERVICE_NOT_ALLOWED',
    message,
    headers: challenge(', error="insufficient_scope"'),
  })
}
