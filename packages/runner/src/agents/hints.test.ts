import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createHintReader } from './hints.ts'

describe('hints', () => {
  it('become lines of their kind', () => {
    const reader = createHintReader()
    expect(reader.read('{"orchestrator":"text","text":"hi"}')).toEqual({ kind: 'text', text: 'hi' })
    expect(reader.read('{"orchestrator":"tool","tool":"Bash","summary":"ls","ok":true,"durationMs":3,"x":1}')).toEqual({
      kind: 'tool',
      tool: 'Bash',
      summary: 'ls',
      ok: true,
      durationMs: 3,
    })
    expect(reader.read('{"orchestrator":"test","command":"npm test","exitCode":1}')).toEqual({
      kind: 'test',
      command: 'npm test',
      exitCode: 1,
    })
  })

  it('of use are totals: what is left out stays', () => {
    const reader = createHintReader()
    reader.read('{"orchestrator":"usage","inputTokens":10,"costUsd":0.5}')
    expect(reader.read('{"orchestrator":"usage","outputTokens":4,"turns":2}')).toEqual({
      kind: 'usage',
      usage: { toolCalls: 0, inputTokens: 10, outputTokens: 4, costUsd: 0.5, turns: 2 },
    })
  })

  it.each([
    '',
    '{',
    '{"orchestrator":',
    '{"orchestrator":"reboot"}',
    '{"orchestrator":"usage","turns":-1}',
    '[{"orchestrator":"text"}]',
    ' {"orchestrator":"text","text":"x"}',
    '{"text":"\\"orchestrator\\""}',
  ])('that do not fit are plain output: %j', (line) => {
    expect(createHintReader().read(line)).toBeUndefined()
  })

  it('never throw', () => {
    fc.assert(
      fc.property(fc.json(), (json) => {
        createHintReader().read(json)
        createHintReader().read(`{"orchestrator":"usage","costUsd":${json}}`)
      }),
    )
  })
})
