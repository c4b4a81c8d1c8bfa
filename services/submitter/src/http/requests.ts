import { IDEMPOTENCY_HEADER, IdempotencyKey, mayBeLeftOut, type Requester } from '@orchestrator/shared/contracts'
import { canonicalJson, sha256Hex } from '@orchestrator/shared/core'
import type { FastifyRequest, FastifySchemaCompiler } from 'fastify'
import { z } from 'zod'
import { type Fault, InvalidInput } from '../submit/faults.ts'
import { type Identity, LOCAL } from './access/identity.ts'
import { faultsOf } from './zod-faults.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** The body as it was sent, before defaults. */
    receivedBody: unknown
  }
}

/** A part of a request that its schema refuses: kept until all parts are known, so that all faults are told at once. */
class InvalidPart {
  readonly faults: readonly Fault[]

  constructor(faults: readonly Fault[]) {
    this.faults = faults
  }
}

/** Never refuses by itself: {@link assertValid} does, for all parts together. */
export const collectingValidator: FastifySchemaCompiler<z.ZodType> =
  ({ schema }) =>
  (data: unknown) => {
    const parsed = schema.safeParse(data)
    return { value: parsed.success ? parsed.data : new InvalidPart(faultsOf(parsed.error, data, schema)) }
  }

const Headers = z.object({
  [IDEMPOTENCY_HEADER]: mayBeLeftOut(IdempotencyKey),
  'x-orchestrator-door': mayBeLeftOut(z.enum(['http', 'cli', 'mcp'])),
})

/** @throws InvalidInput with the faults of all parts */
export function assertValid(request: FastifyRequest): void {
  const parts: readonly unknown[] = [request.params, request.query, request.body]
  const headers = Headers.safeParse(request.headers)
  const faults = [
    ...parts.flatMap((part) => (part instanceof InvalidPart ? part.faults : [])),
    ...(headers.success ? [] : faultsOf(headers.error, request.headers, Headers)),
  ]
  if (faults.length > 0 || !headers.success) throw new InvalidInput(faults)
  callers.set(request, toCaller(headers.data, request.identity ?? LOCAL))
}

/** Who asks, and the key that makes the request happen once. */
export interface Caller {
  readonly requestedBy: Requester
  /** Scoped, so that two callers may use the same key. */
  readonly idempotencyKey: string | undefined
}

function toCaller(headers: z.output<typeof Headers>, { name }: Identity): Caller {
  const door = headers['x-orchestrator-door'] ?? 'http'
  const key = headers[IDEMPOTENCY_HEADER]
  const idempotencyKey = key === undefined ? undefined : `${door}/${name}/${key}`
  return { requestedBy: { door, caller: name }, idempotencyKey }
}

const callers = new WeakMap<FastifyRequest, Caller>()

/** Of a request that has passed {@link assertValid}. */
export function callerOf(request: FastifyRequest): Caller {
  const caller = callers.get(request)
  if (caller === undefined) throw new Error('asked for the caller of a request that was not checked')
  return caller
}

/** Identifies what was asked: the same body on the same path has the same hash, however it was written. */
export function requestHash(path: string, { receivedBody }: FastifyRequest): string {
  return sha256Hex(canonicalJson({ path, body: receivedBody }))
}
