/** The one place where secrets are taken out of everything that leaves the runner. */
import { hideTokens, REDACTED } from '@orchestrator/shared/core'
import { createFragmentRedaction } from './fragments.ts'
import { variantsOf } from './secrets.ts'

export interface Redaction {
  text(text: string): string
  /** For `JSON.stringify`: redacts every string of a value, apart from words of our own. */
  readonly replacer: (key: string, value: unknown) => unknown
  /** For a stream that comes line by line: hides key blocks and secrets that go over many lines. One for each stream. */
  stream(): StreamRedaction
}

export interface StreamRedaction {
  /** `cutBytes` of the line are missing at its end; a secret that this cut in two goes too, and is counted. */
  line(text: string, cutBytes: number): { readonly text: string; readonly cutBytes: number }
}

/** Fields whose values are ours: enumerations and identities that a secret may happen to equal in part. */
const OWN_FIELDS = new Set([
  'kind',
  'step',
  'stream',
  'level',
  'repository',
  'operation',
  'time',
  'outcome',
  'reason',
  'submittedId',
  'pushedSha',
  'sha',
  'digest',
])

export function createRedaction(secrets: readonly string[]): Redaction {
  const variants = [...new Set(secrets.flatMap(variantsOf))].toSorted((a, b) => b.length - a.length)
  const withoutFragments = createFragmentRedaction(variants)
  const whole = (given: string): string =>
    hideTokens(variants.reduce((rest, secret) => rest.replaceAll(secret, REDACTED), given))
  const text = (given: string): string => {
    const clean = whole(given)
    return clean.includes('\n') ? clean.split('\n').map(withoutFragments).join('\n') : clean
  }
  return {
    text,
    replacer: (key, value) => (typeof value === 'string' && !OWN_FIELDS.has(key) ? text(value) : value),
    stream: () => createStreamRedaction((line) => withoutFragments(whole(line)), variants[0]?.length ?? 0),
  }
}

const KEY_BEGIN = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----/
const KEY_END = /-----END [A-Z0-9 ]{0,40}PRIVATE KEY-----/
/** Lines inside a key block; the first other one ends it, so that the mere words hide nothing else. */
const KEY_BODY = /^\s*(?:[A-Za-z0-9+/=]+|[A-Z][A-Za-z-]+: .*)?\s*$/

function createStreamRedaction(redact: (text: string) => string, longestSecret: number): StreamRedaction {
  let inKey = false
  const insideKey = (text: string): boolean => {
    if (!inKey || KEY_END.test(text)) {
      const inside = inKey
      inKey = KEY_BEGIN.test(text) && !KEY_END.test(text)
      return inside
    }
    inKey = KEY_BODY.test(text)
    return inKey
  }
  return {
    line: (text, cutBytes) => {
      if (insideKey(text)) return { text: REDACTED, cutBytes }
      const clean = redact(text)
      const kept = cutBytes > 0 ? clean.slice(0, Math.max(0, clean.length - longestSecret)) : clean
      return {
        text: kept,
        cutBytes: cutBytes === 0 ? 0 : cutBytes + Buffer.byteLength(clean) - Buffer.byteLength(kept),
      }
    },
  }
}
