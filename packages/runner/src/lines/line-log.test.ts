import { type RunnerLineBody, RUNNER_LINE_MAX_BYTES, RunnerLine } from '@orchestrator/shared/contracts'
import { createTestClock } from '@orchestrator/testing'
import { describe, expect, it } from 'vitest'
import { createLineLog, type RunnerLog } from './line-log.ts'
import { createRedaction } from './redaction.ts'

function start(
  outputMaxBytes = 1_000_000,
  secrets: string[] = [],
): { log: RunnerLog; raw: string[]; seen: RunnerLineBody[] } {
  const raw: string[] = []
  const seen: RunnerLineBody[] = []
  const log = createLineLog({
    sink: { append: (line) => raw.push(line) > 0 },
    redaction: createRedaction(secrets),
    clock: createTestClock(),
    onLine: (body) => seen.push(body),
    outputMaxBytes,
  })
  return { log, raw, seen }
}

const read = (raw: readonly string[]): RunnerLine[] => raw.map((line) => RunnerLine.parse(JSON.parse(line)))

describe('createLineLog', () => {
  it('numbers from one and times every line', () => {
    const { log, raw } = start()
    expect(log.write({ kind: 'text', text: 'a' })).toBe(1)
    expect(log.write({ kind: 'text', text: 'b' })).toBe(2)
    expect(read(raw).map(({ seq, time }) => [seq, time])).toEqual([
      [1, '2026-01-01T00:00:00.000Z'],
      [2, '2026-01-01T00:00:00.000Z'],
    ])
    expect(log.lines).toBe(2)
  })

  it('bounds every kind of line, and keeps what a terminal would obey as escapes', () => {
    const { log, raw } = start()
    const hostile = '\u001B[2J\u0007`$(rm -rf /)`{{mustache}}<!-- -->'.repeat(4000)
    log.write({ kind: 'output', stream: 'stdout', text: hostile })
    log.write({ kind: 'text', text: hostile })
    log.write({ kind: 'tool', tool: hostile, summary: hostile })
    log.write({
      kind: 'git',
      repository: 'target',
      operation: 'push',
      ok: false,
      durationMs: 1,
      problem: hostile,
    })
    for (const line of raw) {
      expect(Buffer.byteLength(`${line}\n`)).toBeLessThanOrEqual(RUNNER_LINE_MAX_BYTES)
      expect(line).not.toContain('\u001B')
    }
    const [output] = read(raw)
    expect(output).toMatchObject({ kind: 'output', cut: expect.any(Number) })
    if (output?.kind === 'output')
      expect(Buffer.byteLength(output.text) + (output.cut ?? 0)).toBe(Buffer.byteLength(hostile))
  })

  it('takes secrets out of every field of every kind', () => {
    const secret = 'hunter2-hunter2'
    const { log, raw } = start(1_000_000, [secret])
    log.write({ kind: 'test', command: `curl ${secret}`, exitCode: 0 })
    log.write({ kind: 'flag', flag: 'X', detail: secret })
    log.write({ kind: 'step', step: 'gates', message: secret })
    log.write({ kind: 'output', stream: 'stderr', text: secret })
    expect(raw.join('\n')).not.toContain(secret)
    expect(raw).toHaveLength(4)
  })

  it('keeps so much output and no more, says so, and still takes what matters', () => {
    const { log, raw } = start(100)
    for (let i = 0; i < 30; i += 1) log.write({ kind: 'output', stream: 'stdout', text: 'x'.repeat(10) })
    log.write({ kind: 'text', text: 'said' })
    log.noteLeftOut()
    log.noteLeftOut()
    const lines = read(raw)
    expect(lines.filter(({ kind }) => kind === 'output')).toHaveLength(10)
    expect(lines.slice(10).map((line) => ('text' in line ? line.text : ''))).toEqual([
      expect.stringContaining('only counted'),
      'said',
      '20 lines of output (200 bytes) were left out',
    ])
    expect(lines.map(({ seq }) => seq)).toEqual(lines.map((_, index) => index + 1))
  })

  it('shows every line to whoever gathers the facts', () => {
    const { log, seen } = start()
    log.write({ kind: 'text', text: 'a' })
    expect(seen).toEqual([{ kind: 'text', text: 'a' }])
  })
})
