import { type AddressInfo, Socket } from 'node:net'
import type { Logger } from '@orchestrator/shared/service'
import Fastify, {
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type RawReplyDefaultExpression,
  type RawRequestDefaultExpression,
  type RawServerDefault,
} from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { assertBodySize, READ_MAX_BYTES, unreadTooLarge } from './body-size.ts'
import { boundConnections } from './connections.ts'
import { HttpRefusal, toProblem } from './problems.ts'
import { rawAnswerTo, TOO_MANY_CONNECTIONS } from './raw-answers.ts'
import { assertValid, collectingValidator } from './requests.ts'
import { createOriginCheck, type RequestOrigin } from './same-origin.ts'

export type HttpServer = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  ZodTypeProvider
>

export interface HttpServerOptions {
  readonly host: string
  /** Names besides it that requests may be sent to. */
  readonly allowedHosts: readonly string[]
  /** Beyond that, those that wait for nothing go. */
  readonly maxConnections: number
  readonly logger: Logger
  /** Called with every error that is not the request's fault. */
  readonly onFailure: (error: unknown) => void
  /** Aborted when no more requests are to come. */
  readonly closing: AbortSignal
}

/** Within these a request's headers, and the whole of it, must be here. */
const HEADERS_MS = 5000
const REQUEST_MS = 30_000

/** The server without its routes: checks, errors and limits that hold for all of them. */
export function createHttpServer(options: HttpServerOptions): HttpServer {
  const server = Fastify({
    logger: false,
    bodyLimit: READ_MAX_BYTES,
    exposeHeadRoutes: false,
    routerOptions: { maxParamLength: 1024 },
    requestTimeout: REQUEST_MS,
    forceCloseConnections: 'idle',
    frameworkErrors: (error, _request, reply) => {
      answerProblem(reply, refusalOf(error))
    },
    http: { headersTimeout: HEADERS_MS, connectionsCheckingInterval: 1000 },
    clientErrorHandler: ({ code }, socket) => {
      if (socket.writable) socket.end(rawAnswerTo(code), () => socket.destroy())
      else socket.destroy()
    },
  }).withTypeProvider<ZodTypeProvider>()
  const connections = boundConnections(server.server, options.maxConnections, TOO_MANY_CONNECTIONS)
  server.addHook('preClose', (done) => {
    connections.endWaiting()
    done()
  })
  server.setValidatorCompiler(collectingValidator)
  // Answers are typed by their contracts: parsing them again would only cost.
  server.setSerializerCompiler(() => JSON.stringify)
  server.removeContentTypeParser('text/plain')
  server.decorateRequest('receivedBody', null)
  let check: ((request: RequestOrigin) => void) | undefined
  server.addHook('onRequest', ({ headers: { host, origin } }, _reply, done) => {
    check ??= createOriginCheck({ host: options.host, port: portOf(server), allowed: options.allowedHosts })
    check({ host, origin })
    done()
  })
  server.addHook('preValidation', (request, _reply, done) => {
    if (request.body !== undefined) assertBodySize(request.body, request.headers['content-length'])
    request.receivedBody = request.body
    done()
  })
  server.addHook('preHandler', (request, _reply, done) => {
    assertValid(request)
    done()
  })
  // A connection that is kept alive would keep the server open as well.
  server.addHook('onResponse', (request, _reply, done) => {
    const { socket } = request.raw
    // Requests of the service's own have none.
    if (options.closing.aborted && socket instanceof Socket) socket.end()
    done()
  })
  server.setNotFoundHandler((request) => {
    throw new HttpRefusal(404, 'ROUTE_NOT_FOUND', `there is no ${request.method} ${request.url}`)
  })
  server.setErrorHandler((error, request, reply) => handleError(error, { request, reply, options }))
  return server
}

export function portOf(server: HttpServer): number {
  const address: AddressInfo | string | null = server.server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

interface Failed {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  readonly options: HttpServerOptions
}

function handleError(error: unknown, { request, reply, options }: Failed): FastifyReply {
  const cause = isFastifyError(error) ? refusalOf(error) : error
  const { problem } = toProblem(cause)
  if (problem.status === 500) {
    options.logger.error({ err: error, method: request.method, route: request.routeOptions.url }, 'request failed')
    options.onFailure(error)
  }
  return answerProblem(reply, cause)
}

function answerProblem(reply: FastifyReply, error: unknown): FastifyReply {
  const { problem, retryAfterSeconds } = toProblem(error)
  if (retryAfterSeconds !== undefined) reply.header('retry-after', retryAfterSeconds)
  // As bytes: to a text fastify would add a charset, which this media type does not have.
  const body = Buffer.from(JSON.stringify(problem))
  return reply.code(problem.status).header('content-type', 'application/problem+json').send(body)
}

function isFastifyError(error: unknown): error is FastifyError {
  return (
    error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number' && error.statusCode < 500
  )
}

const CODES: Record<number, string> = { 415: 'MEDIA_TYPE_UNSUPPORTED', 404: 'ROUTE_NOT_FOUND' }

function refusalOf({ statusCode = 400, message }: Pick<FastifyError, 'statusCode' | 'message'>): HttpRefusal {
  if (statusCode === 413) return unreadTooLarge()
  return new HttpRefusal(statusCode, CODES[statusCode] ?? 'REQUEST_MALFORMED', message)
}
