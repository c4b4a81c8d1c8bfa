import type { Scope } from '@orchestrator/shared/contracts'

/**
 * What a route asks of whoever calls it, declared beside it as `config: { access: … }`: a server with a route that says
 * nothing does not start.
 */
export type RouteAccess = 'public' | 'any-token' | ScopedAccess

export interface ScopedAccess {
  readonly scope: Scope
  /** Which service the request is about, for tokens that are for some services only. */
  readonly about: About
}

/**
 * Where the request names its service, or its attempt; `query.service` may be left out by tokens for all services.
 * `every`: it is about all of them. `none`: it is about no service.
 */
export type About = 'body.service' | 'params.service' | 'query.service' | 'params.name' | 'every' | 'none'

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: RouteAccess
  }
}

/** For the options of a route. */
export function allow(scope: Scope, about: About): { readonly access: ScopedAccess } {
  return { access: { scope, about } }
}

export const PUBLIC = { access: 'public' } as const
/** For a route that does nothing but ask others on behalf of its caller. */
export const ANY_TOKEN = { access: 'any-token' } as const
