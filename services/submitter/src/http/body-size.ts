/** Bodies that are too large: told by the fields that make them so, where they can still be read. */
import { BODY_MAX_BYTES, GUIDANCE_MAX_BYTES } from '@orchestrator/shared/contracts'
import type { Fault } from '../submit/faults.ts'
import { BodyTooLarge } from './problems.ts'

/** What is read at all: enough to name the field of a text that somebody pasted. */
export const READ_MAX_BYTES = 4 * 1024 * 1024

const GUIDANCE_LIMIT = `guidance may have ${GUIDANCE_MAX_BYTES} bytes: put longer texts into the task's documents`

/** For a body that was not read. */
export function unreadTooLarge(): BodyTooLarge {
  return new BodyTooLarge(`the body is larger than ${BODY_MAX_BYTES} bytes; ${GUIDANCE_LIMIT}`)
}

/** @throws BodyTooLarge naming the fields that are too long */
export function assertBodySize(body: unknown, contentLength: string | undefined): void {
  const bytes = contentLength === undefined ? bytesOf(body) : Number(contentLength)
  if (bytes <= BODY_MAX_BYTES) return
  const message = `the body has ${bytes} bytes, ${BODY_MAX_BYTES} are allowed; ${GUIDANCE_LIMIT}`
  throw new BodyTooLarge(message, longFields(body))
}

/** The fields without which it would fit, largest first. */
function longFields(body: unknown): readonly Fault[] {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return []
  const fields = Object.entries(body).map(([field, value]) => ({ field, value, bytes: bytesOf(value) }))
  const long = fields.filter(({ bytes }) => bytes > GUIDANCE_MAX_BYTES).toSorted((a, b) => b.bytes - a.bytes)
  return long.map(({ field, value, bytes }) => ({ field, value, message: limitOf(field, bytes) }))
}

function limitOf(field: string, bytes: number): string {
  if (field !== 'guidance') return `takes ${bytes} bytes of the ${BODY_MAX_BYTES} that a whole request may have`
  return `has ${bytes} bytes, ${GUIDANCE_MAX_BYTES} are allowed: put longer texts into the task's documents`
}

function bytesOf(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value)
  try {
    return Buffer.byteLength(JSON.stringify(value) ?? '')
  } catch {
    // Nested beyond what can be written: certainly too much.
    return Number.MAX_SAFE_INTEGER
  }
}
