import { describe, expect, it } from 'vitest'
import { createFragmentRedaction } from './fragments.ts'

const SECRET = 'abcdefghijklmnopqrstuvwxyz0123456789'
const hide = createFragmentRedaction([SECRET])

describe('a secret that is broken over lines', () => {
  it('is hidden wherever it is broken, but for a rest too short to be one', () => {
    for (let at = 10; at <= SECRET.length - 10; at += 1) {
      expect(hide(`key: ${SECRET.slice(0, at)}`)).toBe('key: [redacted]')
      expect(hide(`${SECRET.slice(at)} and more`)).toBe('[redacted] and more')
    }
    expect(hide(SECRET.slice(8, 22))).toBe('[redacted]')
  })

  it.each(['key: abcdefghi', '123456789 and more', 'the alphabet: abcdefghijklmno and so on', ''])(
    'leaves %j alone',
    (line) => {
      expect(hide(line)).toBe(line)
    },
  )
})
