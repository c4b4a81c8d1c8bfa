import { describe, expect, it } from 'vitest'
import { createLoopDetector, type ToolUse } from './loops.ts'

const use = (canonical: string, text = 'same', ok = true): ToolUse => ({ tool: 'Bash', canonical, ok, text })
const levels = (uses: readonly ToolUse[]): (string | undefined)[] => {
  const detector = createLoopDetector()
  return uses.map((one) => detector.see(one)?.level)
}

describe('going round in circles', () => {
  it('is the same call with the same result: spoken to at the third time, ended at the fifth', () => {
    expect(levels(Array.from({ length: 5 }, () => use('a')))).toEqual([
      undefined,
      undefined,
      'advise',
      undefined,
      'end',
    ])
  })

  it('is not a call whose result changes, nor one with others between', () => {
    expect(levels(Array.from({ length: 9 }, (_, index) => use('poll', `${index} %`)))).not.toContain('advise')
    expect(levels(['a', 'b', 'c', 'a', 'd', 'a', 'e', 'a', 'f', 'a'].map((name) => use(name)))).not.toContain('advise')
  })

  it('is the same error of different calls, whatever numbers and paths it names', () => {
    const errors = Array.from({ length: 5 }, (_, n) => use(`try ${n}`, `/tmp/x${n}: error ${n} at 0x${n}f`, false))
    expect(levels(errors)).toEqual([undefined, undefined, 'advise', undefined, 'end'])
    expect(levels([...errors.slice(0, 2), use('fine'), ...errors.slice(2)])).not.toContain('end')
  })

  it('is two calls in turn', () => {
    const uses = Array.from({ length: 10 }, (_, index) => use(index % 2 === 0 ? 'a' : 'b'))
    expect(levels(uses)).toEqual([...Array.from({ length: 5 }), 'advise', ...Array.from({ length: 3 }), 'end'])
  })
})
