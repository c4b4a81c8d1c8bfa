import type { LogBatch } from '@orchestrator/shared/contracts'
import { describe, expect, it } from 'vitest'
import { lineText } from '../testing/attempts.ts'
import { MemorySource } from '../testing/memory-log.ts'
import { linesOfSource, linesOfStream, LogIncomplete } from './whole-log.ts'

const { signal } = new AbortController()
const gap = (first: number, last: number): string => JSON.stringify({ kind: 'gap', first, last })
const end = (lines: number, gaps: number): string => JSON.stringify({ kind: 'end', lines, gaps })

const batch = (seqs: readonly number[], head: Partial<LogBatch['head']> = {}): LogBatch => ({
  head: { v: 1, submittedId: 's', first: seqs[0] ?? 1, last: seqs.at(-1) ?? 0, count: seqs.length, gaps: [], ...head },
  lines: seqs.map((seq) => lineText(seq)),
})
const closing = (last: number, counts: { lines: number; gaps: number }): LogBatch =>
  batch([], { first: last + 1, last, closing: counts })

async function fromStream(batches: readonly LogBatch[], want: 'whole' | 'rest', written = 0): Promise<string[]> {
  async function* read(): AsyncGenerator<LogBatch> {
    await Promise.resolve()
    yield* batches
  }
  return await Array.fromAsync(linesOfStream({ logs: { read }, subject: 'x', submittedId: 's', want, written, signal }))
}

describe('a log from the stream', () => {
  it('is its lines as written, gaps in their place, and the counts', async () => {
    const odd = '{"kind":"text","seq":6,"time":"2026-01-01T00:00:00.000Z","text":"numbered elsewhere"}'
    const gapped = batch([3, 6], { first: 3, last: 6, gaps: [{ first: 4, last: 5 }] })
    const batches = [batch([1, 2]), { ...gapped, lines: [lineText(3), odd] }, closing(8, { lines: 4, gaps: 4 })]
    const missing = batch([], { first: 9, last: 8, gaps: [{ first: 7, last: 8 }], closing: { lines: 4, gaps: 4 } })
    expect(await fromStream([...batches.slice(0, 2), missing], 'whole')).toEqual([
      lineText(1),
      lineText(2),
      lineText(3),
      gap(4, 5),
      odd,
      gap(7, 8),
      end(4, 4),
    ])
  })

  it.each<[string, readonly LogBatch[]]>([
    ['its first lines are gone', [batch([3, 4]), closing(4, { lines: 4, gaps: 0 })]],
    ['all is gone', []],
    ['the closing batch is missing', [batch([1, 2])]],
    ['it is the log of another attempt', [batch([1, 2], { submittedId: 'other' })]],
  ])('is not whole where %s', async (_title, batches) => {
    await expect(fromStream(batches, 'whole')).rejects.toBeInstanceOf(LogIncomplete)
  })

  it('is the rest with gaps where nothing else is left', async () => {
    expect(await fromStream([batch([3, 4])], 'rest', 6)).toEqual([
      gap(1, 2),
      lineText(3),
      lineText(4),
      gap(5, 6),
      end(2, 4),
    ])
    expect(await fromStream([], 'rest', 2)).toEqual([gap(1, 2), end(0, 2)])
  })
})

describe('a log from its source', () => {
  const lines = (first: number, last: number): string =>
    Array.from({ length: last - first + 1 }, (_, i) => `${lineText(first + i)}\n`).join('')

  it('is what was written, damaged lines counted', async () => {
    const source = new MemorySource()
    source.append(`${lines(1, 2)}nonsense\n${lines(4, 4)}${lineText(5).slice(0, 9)}`)
    const text = await Array.fromAsync(linesOfSource({ source, capBytes: 1e6, written: 6 }))
    expect(text).toEqual([lineText(1), lineText(2), gap(3, 3), lineText(4), gap(5, 6), end(3, 3)])
  })

  it('has its middle cut above the cap, as in the stream', async () => {
    const source = new MemorySource()
    source.append(lines(1, 2000))
    const text = await Array.fromAsync(linesOfSource({ source, capBytes: 64 * 1024, written: 2000 }))
    expect(text.join('\n').length).toBeLessThan(66 * 1024)
    expect([text[0], text.at(-2)]).toEqual([lineText(1), lineText(2000)])
    expect(text.filter((line) => line.startsWith('{"kind":"gap"'))).toHaveLength(1)
    expect(text.at(-1)).toBe(end(text.length - 2, 2000 - (text.length - 2)))
  })
})
