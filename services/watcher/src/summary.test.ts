import { EVENT_MAX_BYTES, readEvent } from '@orchestrator/shared/contracts'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cutToJsonBytes, jsonBytes } from './json-size.ts'
import { finishedEvent } from './summary.ts'
import { resultRecord, startedAttempt } from './testing/attempts.ts'

const attempt = startedAttempt({ name: 'a'.repeat(63), submittedId: crypto.randomUUID() })
const time = new Date(0)

function eventOf(change: Parameters<typeof resultRecord>[0], message = 'm'): ReturnType<typeof finishedEvent> {
  const record = resultRecord({ submittedId: attempt.submittedId, ...change })
  const verdict = { phase: record.outcome, reason: record.reason, message, verified: record.verified }
  const found = { record, digest: 'e'.repeat(64) }
  return finishedEvent({
    id: crypto.randomUUID(),
    time,
    attempt,
    verdict: { ...verdict, found },
    logs: { lines: 1, gaps: 2 },
  })
}

/** Every kind of text that takes more room as JSON than it looks: controls, lone surrogates, astral characters. */
const hostileText = fc
  .array(fc.constantFrom('\u0000', '\u001B[31m', '\uD800', '\uDC00', '💥', '"', '\\', '\u2028', 'é', 'a', '\n'))
  .chain((units) =>
    fc.nat(4000).map((times) =>
      units
        .join('')
        .repeat(1 + times)
        .slice(0, 40_000),
    ),
  )

describe('finishedEvent', () => {
  it('carries the record’s summary', () => {
    expect(eventOf({}).data).toMatchObject({
      phase: 'Succeeded',
      verified: true,
      logs: { lines: 1, gaps: 2 },
      result: {
        commits: 1,
        brief: '# What was done',
        digest: 'e'.repeat(64),
        flags: [],
        gates: [{ name: 'tests', passed: true }],
      },
    })
  })

  it('cuts a long brief to what is left, and says so', () => {
    const event = eventOf({ brief: 'x'.repeat(20_000) })
    expect(jsonBytes(event)).toBe(EVENT_MAX_BYTES)
    expect(event.data.result?.brief).toMatch(/x… \[cut\]$/)
  })

  it('keeps failed gates and says how many are left out', () => {
    const [gate] = resultRecord().gates
    if (gate === undefined) throw new Error('no gate')
    const gates = Array.from({ length: 30 }, (_, i) => ({ ...gate, name: `gate ${i}`, passed: i !== 29 }))
    const { result } = eventOf({ gates }).data
    expect(result?.gates).toHaveLength(16)
    expect(result?.gates[0]).toMatchObject({ name: 'gate 29', passed: false })
    expect(result?.flags).toEqual([{ kind: 'Cut', detail: '14 of 30 gates are only in the result record' }])
  })

  it('fits and can be read back, whatever the record holds', () => {
    const gate = resultRecord().gates[0]
    if (gate === undefined) throw new Error('no gate')
    const branch = '\uD800'.repeat(200)
    fc.assert(
      fc.property(hostileText, fc.nat(40), fc.nat(40), (text, gates, flags) => {
        const event = eventOf(
          {
            brief: text,
            reason: text,
            branch,
            gates: Array.from({ length: gates }, () => ({ ...gate, name: text, durationMs: Number.MAX_VALUE })),
            flags: Array.from({ length: flags }, () => ({ kind: text, detail: text })),
            durationMs: Number.MAX_VALUE,
          },
          text,
        )
        expect(jsonBytes(event)).toBeLessThanOrEqual(EVENT_MAX_BYTES)
        expect(readEvent(JSON.stringify(event)).kind).toBe('event')
      }),
      { numRuns: 60 },
    )
  })
})

describe('cutToJsonBytes', () => {
  it('keeps what fits, cuts the rest to the room, splits no character and says so', () => {
    fc.assert(
      fc.property(hostileText, fc.nat(3000), (text, room) => {
        const cut = cutToJsonBytes(text, room)
        expect(jsonBytes(cut) - 2).toBeLessThanOrEqual(room)
        const kept = cut.slice(0, -'… [cut]'.length)
        if (jsonBytes(text) - 2 <= room) expect(cut).toBe(text)
        else if (cut === '') expect(room).toBeLessThan(jsonBytes('… [cut]') - 2)
        else expect(cut.endsWith('… [cut]') && text.startsWith(kept)).toBe(true)
        // Where it was cut no pair is split.
        if (cut !== text)
          expect(text.slice(Math.max(0, kept.length - 1), kept.length + 1)).not.toMatch(
            /^[\uD800-\uDBFF][\uDC00-\uDFFF]$/,
          )
      }),
      { numRuns: 200 },
    )
  })
})
