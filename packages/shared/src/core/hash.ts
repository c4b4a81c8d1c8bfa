import { createHash, hash } from 'node:crypto'

const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567'

export function sha256Hex(text: string | Uint8Array): string {
  return hash('sha256', text, 'hex')
}

/** The first `length` characters of the lower-case base32 (RFC 4648) SHA-256 of `text`; at most 12, valid in DNS labels. */
export function shortHash(text: string, length: number): string {
  const digest = createHash('sha256').update(text).digest()
  let bits = digest.readBigUInt64BE(0)
  let out = ''
  for (let i = 0; i < length; i += 1) {
    out += BASE32[Number((bits >> 59n) & 31n)]
    bits = (bits << 5n) & 0xffff_ffff_ffff_ffffn
  }
  return out
}

/** JSON with sorted keys: equal values give equal text, so a hash of it identifies the value. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(withSortedKeys(value))
}

function withSortedKeys(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(withSortedKeys)
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries.map(([key, inner]) => [key, withSortedKeys(inner)]))
}
