import { z } from 'zod'
import { RetryableError, TerminalError } from '../../core/index.ts'

const Versioned = z.looseObject({ v: z.int() })

export interface DocumentText {
  readonly bucket: string
  readonly key: string
  readonly text: string
}

/**
 * Reads a stored document; its schema decides whether unknown fields are kept.
 * @throws RetryableError EVENT_TOO_NEW when its `v` is beyond the schema's; TerminalError EVENT_UNREADABLE when it is
 *   damaged
 */
export function decodeDocument<T>(schema: z.ZodType<T>, { bucket, key, text }: DocumentText): T {
  const json = parseJson(text)
  const parsed = schema.safeParse(json)
  if (parsed.success) return parsed.data
  const where = `${bucket}/${key}`
  const versioned = Versioned.safeParse(json)
  if (versioned.success && parsed.error.issues.some(({ path }) => path.length === 1 && path[0] === 'v')) {
    throw new RetryableError('EVENT_TOO_NEW', `${where} is of a newer release: v ${versioned.data.v}`)
  }
  throw new TerminalError('EVENT_UNREADABLE', `${where} cannot be read: ${z.prettifyError(parsed.error)}`)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
