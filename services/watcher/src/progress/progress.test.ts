import { EVENT_MAX_BYTES, NO_USAGE, type RunnerLineBody } from '@orchestrator/shared/contracts'
import type { Progress } from '@orchestrator/shared/nats'
import { createLogger } from '@orchestrator/shared/service'
import { createTestClock } from '@orchestrator/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { jsonBytes } from '../json-size.ts'
import { lineText, startedAttempt } from '../testing/attempts.ts'
import { foldLine, NO_PROGRESS, type RunnerProgress } from './fold-progress.ts'
import { ProgressTeller } from './progress-teller.ts'

function fold(...bodies: readonly RunnerLineBody[]): RunnerProgress {
  const lines = bodies.map((body, i) => JSON.parse(lineText(i + 1, body)) as object)
  return lines.reduce(foldLine, NO_PROGRESS)
}

describe('foldLine', () => {
  it('keeps step, usage, last words and the last five deeds', () => {
    const tools = [1, 2, 3, 4].map((n) => ({ kind: 'tool', tool: 'Edit', summary: `file ${n}` }) as const)
    const progress = fold(
      { kind: 'step', step: 'documents', message: 'from myorg/platform' },
      { kind: 'note', level: 'info', text: 'first' },
      { kind: 'step', step: 'implementing' },
      { kind: 'usage', usage: { ...NO_USAGE, toolCalls: 3 } },
      { kind: 'text', text: 'I begin.' },
      { kind: 'text', text: 'I am done.' },
      ...tools,
      { kind: 'note', level: 'warning', text: 'architecture.md is missing' },
    )
    expect(progress).toEqual({
      step: 'implementing',
      message: undefined,
      usage: { ...NO_USAGE, toolCalls: 3 },
      lastText: 'I am done.',
      lastActions: [
        'Edit: file 1',
        'Edit: file 2',
        'Edit: file 3',
        'Edit: file 4',
        'warning: architecture.md is missing',
      ],
    })
  })

  it('is not moved by output, unknown kinds or wrong shapes', () => {
    for (const line of [
      { kind: 'output', text: 'x' },
      { kind: 'thought', seq: 1 },
      { kind: 'step', step: 7 },
      { kind: 7 },
      {},
    ]) {
      expect(foldLine(NO_PROGRESS, line)).toBe(NO_PROGRESS)
    }
  })

  it('never grows beyond what an event may weigh', () => {
    const hostile = '\u0000\uD800💥"\\'.repeat(2000)
    const body = fc.constantFrom<RunnerLineBody>(
      { kind: 'step', step: 'gates', message: hostile },
      { kind: 'note', level: 'error', text: hostile },
      { kind: 'text', text: hostile },
      { kind: 'tool', tool: hostile, summary: hostile },
    )
    fc.assert(
      fc.property(fc.array(body, { maxLength: 12 }), (bodies) => {
        expect(jsonBytes(fold(...bodies))).toBeLessThan(EVENT_MAX_BYTES - 1024)
      }),
    )
  })
})

describe('ProgressTeller', () => {
  const clock = createTestClock()
  type Event = Parameters<Progress['publish']>[1]

  function createTeller(published: Event[]): ProgressTeller {
    const progress: Pick<Progress, 'publish'> = {
      publish: async (_subject, event) => {
        published.push(event)
        return await Promise.resolve()
      },
    }
    return new ProgressTeller({
      attempt: startedAttempt(),
      progress,
      clock,
      logger: createLogger({ name: 'test', level: 'silent' }),
    })
  }

  const see = (teller: ProgressTeller, n: number, body?: RunnerLineBody): void =>
    teller.see(JSON.parse(lineText(n, body)) as object)

  it('says nothing before the first line, then that it runs', async () => {
    const published: Event[] = []
    const teller = createTeller(published)
    expect(await teller.tell(0)).toBeUndefined()
    see(teller, 1, { kind: 'step', step: 'claim' })
    await teller.tell(1)
    expect(published.map(({ data }) => data)).toEqual([
      { name: startedAttempt().name, phase: 'Running', step: 'claim', lastActions: [], line: 1 },
    ])
  })

  it('tells a new step at once, other news after two seconds, and no news never', async () => {
    const published: Event[] = []
    const teller = createTeller(published)
    see(teller, 1, { kind: 'step', step: 'claim' })
    await teller.tell(1)
    see(teller, 2, { kind: 'text', text: 'first' })
    await clock.advance(500)
    expect(await teller.tell(2)).toBe(1500)
    see(teller, 3, { kind: 'step', step: 'preflight' })
    expect(await teller.tell(3)).toBeUndefined()
    see(teller, 4, { kind: 'text', text: 'second' })
    await clock.advance(2000)
    expect(await teller.tell(4)).toBeUndefined()
    await clock.advance(5000)
    expect(await teller.tell(4)).toBeUndefined()
    expect(published.map(({ data }) => [data.step, data.lastText, data.line])).toEqual([
      ['claim', undefined, 1],
      ['preflight', 'first', 3],
      ['preflight', 'second', 4],
    ])
  })
})
