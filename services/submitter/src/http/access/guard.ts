/** Who may call which route. Refuses before the body of a request is read, except where the body names the service. */
import { callbackify } from 'node:util'
import { assertNever } from '@orchestrator/shared/core'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { HttpServer } from '../server.ts'
import { endWhenRefused, type EndDependencies } from './end-when-refused.ts'
import { type IdentifyDependencies, identify, type Identity, LOCAL, type Presented } from './identity.ts'
import type { Rates } from './rates.ts'
import { AccessRefusal, scopeMissing, serviceRefused, tooMany, unauthenticated } from './refusals.ts'
import type { About, RouteAccess } from './route-access.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Who calls; null on a route for everybody. */
    identity: Identity | null
  }
}

export interface GuardDependencies extends IdentifyDependencies, EndDependencies {
  readonly known: IdentifyDependencies['known'] & EndDependencies['known']
  /** False: who sends no token is {@link LOCAL}. One that is sent must be good all the same. */
  readonly required: boolean
  readonly rates: {
    /** By token. */
    readonly known: Rates
    /** By address, of requests without a good token: behind a proxy all have one address. */
    readonly strangers: Rates
  }
  /** @throws TerminalError NOT_FOUND */
  readonly serviceOfAttempt: (name: string) => Promise<string>
}

/** To be called before the first route is added. */
export function guardRoutes(server: HttpServer, dependencies: GuardDependencies): void {
  server.decorateRequest('identity', null)
  const underWay = endWhenRefused(dependencies)
  server.addHook('onRoute', ({ method, url, config }) => {
    if (config?.access !== undefined) return
    throw new Error(`${String(method)} ${url} does not say who may call it: add config: allow(scope, about)`)
  })
  server.addHook('onRequest', (request, reply, done) => {
    refusing(reply, () => {
      request.identity = admit(request, dependencies)
    })
    if (request.identity?.token !== undefined) underWay.add(reply.raw, request.identity.token)
    done()
  })
  server.addHook('preHandler', (request, reply, done) => {
    // Nearly always: nothing is awaited on the way of a submit.
    if (request.identity === null || request.identity.services === null) done()
    else assertLater(request, reply, dependencies, (error) => done(error ?? undefined))
  })
}

/** Undefined where there is no such route. */
function accessOf(request: FastifyRequest): RouteAccess | undefined {
  return request.routeOptions.config.access
}

function admit(request: FastifyRequest, dependencies: GuardDependencies): Identity | null {
  const access = accessOf(request)
  if (access === 'public') return null
  const { authorization } = request.headers
  if (authorization === undefined && !dependencies.required) return LOCAL
  const presented = identify(authorization, dependencies)
  assertRate(request, presented, dependencies)
  if (typeof presented === 'string') throw unauthenticated(presented)
  // What is not there is told to those who may be here at all.
  if (access !== undefined && access !== 'any-token' && !presented.scopes.has(access.scope))
    throw scopeMissing(presented, access.scope)
  return presented
}

function assertRate({ ip }: FastifyRequest, presented: Presented, { required, rates }: GuardDependencies): void {
  if (!required) return
  const isKnown = typeof presented !== 'string'
  const waitSeconds = isKnown ? rates.known.take(presented.name) : rates.strangers.take(ip)
  if (waitSeconds > 0) throw tooMany(isKnown ? presented.name : `your address ${ip}`, waitSeconds)
}

async function assertServiceOf(
  request: FastifyRequest,
  reply: FastifyReply,
  dependencies: GuardDependencies,
): Promise<void> {
  const { identity } = request
  const access = accessOf(request)
  if (identity === null || access === undefined || access === 'public' || access === 'any-token') return
  const named = await serviceIn(request, access.about, dependencies)
  refusing(reply, () => assertService(identity, named))
}

const assertLater = callbackify(assertServiceOf)

type Named = { readonly kind: 'none' } | { readonly kind: 'service'; readonly service: string | undefined }

async function serviceIn(
  { body, params, query }: FastifyRequest,
  about: About,
  { serviceOfAttempt }: GuardDependencies,
): Promise<Named> {
  switch (about) {
    case 'none':
      return { kind: 'none' }
    case 'every':
      return { kind: 'service', service: undefined }
    case 'body.service':
      return { kind: 'service', service: textIn(body, 'service') }
    case 'params.service':
      return { kind: 'service', service: textIn(params, 'service') }
    case 'query.service':
      return { kind: 'service', service: textIn(query, 'service') }
    case 'params.name':
      return { kind: 'service', service: await serviceOfAttempt(textIn(params, 'name') ?? '') }
    default:
      return assertNever(about, 'place of a service')
  }
}

function assertService(identity: Identity, named: Named): void {
  if (named.kind === 'none') return
  const { service } = named
  if (service === undefined || identity.services?.has(service) !== true) throw serviceRefused(identity, service)
}

function textIn(part: unknown, field: string): string | undefined {
  const value: unknown = typeof part === 'object' && part !== null ? Reflect.get(part, field) : undefined
  return typeof value === 'string' ? value : undefined
}

/** The headers go with the answer, whoever writes that. */
function refusing(reply: FastifyReply, act: () => void): void {
  try {
    act()
  } catch (error) {
    if (error instanceof AccessRefusal) reply.headers({ ...error.headers })
    throw error
  }
}
