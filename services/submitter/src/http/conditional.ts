import { sha256Hex } from '@orchestrator/shared/core'
import type { FastifyReply, FastifyRequest } from 'fastify'

/**
 * Answers 304 where the client has the very same already. The tag is of the answer itself: progress changes it too, which
 * has no sequence in the ledger.
 */
export function sendUnlessKnown(request: FastifyRequest, reply: FastifyReply, answer: unknown): FastifyReply {
  const text = JSON.stringify(answer)
  const tag = `"${sha256Hex(text).slice(0, 32)}"`
  reply.header('etag', tag).header('cache-control', 'private, no-cache')
  if (isKnown(request.headers['if-none-match'], tag)) return reply.code(304).send()
  return reply.type('application/json; charset=utf-8').send(text)
}

/** RFC 9110, 13.1.2: compared weakly. Proxies that compress make a tag weak. */
function isKnown(given: string | undefined, tag: string): boolean {
  if (given === undefined) return false
  return given.split(',').some((one) => one.trim().replace(/^W\//, '') === tag || one.trim() === '*')
}
