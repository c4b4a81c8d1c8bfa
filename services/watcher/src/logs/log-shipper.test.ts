import type { LogBatch } from '@orchestrator/shared/contracts'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { lineText } from '../testing/attempts.ts'
import { MemoryLog, MemorySource, type Weather } from '../testing/memory-log.ts'
import { LogShipper, type LogShipperOptions } from './log-shipper.ts'

const ID = 'submitted-1'
const MIB = 1024 * 1024
const { signal } = new AbortController()

function shipperOf(log: MemoryLog, source: MemorySource, change: Partial<LogShipperOptions> = {}): LogShipper {
  const notedLine = (): Promise<number> => Promise.resolve(0)
  const fixed = {
    logs: log.logs,
    subject: 's',
    submittedId: ID,
    source,
    capBytes: 64 * MIB,
    isNew: false,
    notedLine,
    onLine: () => undefined,
  }
  return new LogShipper({ ...fixed, ...change })
}

/** Numbers of the lines in the batches, in their order; throws where the batches contradict themselves. */
function readBack(batches: readonly LogBatch[]): {
  lines: number[]
  missing: Set<number>
  closing: LogBatch['head']['closing']
} {
  const lines: number[] = []
  const missing = new Set<number>()
  for (const { head, lines: texts } of batches) {
    const numbers = texts.map((line) => (JSON.parse(line) as { seq: number }).seq)
    expect(head.count).toBe(numbers.length)
    if (numbers.length > 0) expect([head.first, head.last]).toEqual([numbers[0], numbers.at(-1)])
    else expect(head.first - 1).toBe(head.last)
    lines.push(...numbers)
    for (const { first, last } of head.gaps) for (let n = first; n <= last; n += 1) missing.add(n)
  }
  return { lines, missing, closing: batches.at(-1)?.head.closing }
}

const range = (first: number, last: number): number[] => Array.from({ length: last - first + 1 }, (_, i) => first + i)
const text = (first: number, last: number): string =>
  range(first, last)
    .map((n) => `${lineText(n)}\n`)
    .join('')
const stored = (log: MemoryLog): LogBatch[] => log.batches.map(({ batch }) => batch)

describe('LogShipper', () => {
  it('ships what is there, goes on, and closes with the counts', async () => {
    const [log, source] = [new MemoryLog(), new MemorySource()]
    const shipper = shipperOf(log, source)
    await shipper.ship(undefined, signal)
    source.append(text(1, 3))
    await shipper.ship(undefined, signal)
    source.append(text(4, 4).slice(0, 10))
    await shipper.ship(undefined, signal)
    source.append(text(4, 4).slice(10))
    await shipper.ship({ lines: 4 }, signal)
    expect(stored(log).map(({ head }) => head.last)).toEqual([3, 4, 4])
    expect(readBack(stored(log))).toMatchObject({ lines: [1, 2, 3, 4], closing: { lines: 4, gaps: 0 } })
    expect(shipper.closed).toEqual({ lines: 4, gaps: 0 })
    expect(shipper.copy).toEqual(stored(log))
  })

  it('closes an empty log', async () => {
    const log = new MemoryLog()
    await shipperOf(log, new MemorySource()).ship({ lines: 0 }, signal)
    expect(stored(log).map(({ head }) => head)).toEqual([
      { v: 1, submittedId: ID, first: 1, last: 0, count: 0, gaps: [], closing: { lines: 0, gaps: 0 } },
    ])
  })

  it('counts what the record says was written and is not there', async () => {
    const [log, source] = [new MemoryLog(), new MemorySource()]
    source.append(text(1, 2))
    await shipperOf(log, source).ship({ lines: 5 }, signal)
    expect(readBack(stored(log))).toMatchObject({
      lines: [1, 2],
      missing: new Set([3, 4, 5]),
      closing: { lines: 2, gaps: 3 },
    })
  })

  it('tells every line once, also to one who comes later, and when the log is read again', async () => {
    const [log, source] = [new MemoryLog(), new MemorySource()]
    source.append(text(1, 3))
    await shipperOf(log, source).ship(undefined, signal)
    const told: number[] = []
    const later = shipperOf(log, source, { onLine: ({ seq }) => told.push(seq) })
    source.append(text(4, 5))
    await later.ship(undefined, signal)
    log.forgetLast()
    source.append(text(6, 6))
    await later.ship({ lines: 6 }, signal)
    expect(told).toEqual([1, 2, 3, 4, 5, 6])
    expect(readBack(stored(log)).lines).toEqual([1, 2, 3, 4, 5, 6])
  })

  it('says what is gone when the stream let everything go', async () => {
    const [log, source] = [new MemoryLog(), new MemorySource()]
    const shipper = shipperOf(log, source)
    source.append(text(1, 3))
    await shipper.ship(undefined, signal)
    log.evict()
    source.append(text(4, 5))
    await shipper.ship({ lines: 5 }, signal)
    expect(readBack(stored(log))).toMatchObject({
      lines: [4, 5],
      missing: new Set([1, 2, 3]),
      closing: { lines: 2, gaps: 3 },
    })
  })

  it('goes on after the noted line when it comes to an empty stream', async () => {
    const [log, source] = [new MemoryLog(), new MemorySource()]
    source.append(text(1, 5))
    await shipperOf(log, source, { notedLine: () => Promise.resolve(3) }).ship({ lines: 5 }, signal)
    expect(readBack(stored(log))).toMatchObject({
      lines: [4, 5],
      missing: new Set([1, 2, 3]),
      closing: { lines: 2, gaps: 3 },
    })
  })

  it('begins a new log without asking, and goes on after another’s batches where it was wrong', async () => {
    const [log, source] = [new MemoryLog(), new MemorySource()]
    source.append(text(1, 5))
    const asked: string[] = []
    const logs = { ...log.logs, last: (subject: string) => (asked.push(subject), Promise.resolve(undefined)) }
    await shipperOf(log, source).ship(undefined, signal)
    await shipperOf(log, source, { logs, isNew: true }).ship({ lines: 5 }, signal)
    expect(asked).toEqual([])
    expect(readBack(stored(log))).toMatchObject({ lines: [1, 2, 3, 4, 5], closing: { lines: 5, gaps: 0 } })
  })

  it('says nothing after another’s closing batch', async () => {
    const [log, source] = [new MemoryLog(), new MemorySource()]
    const late = shipperOf(log, source)
    await late.ship(undefined, signal)
    source.append(text(1, 3))
    await shipperOf(log, source).ship({ lines: 3 }, signal)
    source.append(text(4, 4))
    await late.ship({ lines: 4 }, signal)
    expect(late.closed).toEqual({ lines: 3, gaps: 0 })
    expect(readBack(stored(log)).lines).toEqual([1, 2, 3])
  })

  it.each([0, 1, 5, 40])(
    'keeps head and tail of a log above its cap, and counts the middle (shipped on the way %i times)',
    async (steps) => {
      const [log, source] = [new MemoryLog(), new MemorySource()]
      const lineBytes = text(1000, 1000).length
      const shipper = shipperOf(log, source, { capBytes: lineBytes * 400 })
      source.append(
        text(1001, 2000).replaceAll(/"seq":(\d+)/g, (_, n: string) => `"seq":${Number(n) - 1000}`.padEnd(10)),
      )
      for (let i = 0; i < steps; i += 1) await shipper.ship(undefined, signal)
      await shipper.ship({ lines: 1000 }, signal)
      const { lines, missing, closing } = readBack(stored(log))
      expect(lines.length).toBeGreaterThan(380)
      expect(lines.length).toBeLessThanOrEqual(410)
      expect(lines.slice(0, 200)).toEqual(range(1, 200))
      expect(lines.slice(-80)).toEqual(range(921, 1000))
      expect(lines.length + missing.size).toBe(1000)
      expect(closing).toEqual({ lines: lines.length, gaps: missing.size })
    },
  )

  it('cuts nothing of a log that just fits', async () => {
    const [log, source] = [new MemoryLog(), new MemorySource()]
    source.append(text(1, 100))
    const shipper = shipperOf(log, source, { capBytes: text(1, 100).length })
    await shipper.ship(undefined, signal)
    await shipper.ship({ lines: 100 }, signal)
    expect(readBack(stored(log))).toMatchObject({ lines: range(1, 100), closing: { lines: 100, gaps: 0 } })
  })

  type Move = 'write' | 'writeHalf' | 'damage' | 'ship' | 'shipOther' | 'crash' | 'forget' | 'evict'
  const moves = fc.array(
    fc.constantFrom<Move>(
      'write',
      'write',
      'writeHalf',
      'damage',
      'ship',
      'ship',
      'shipOther',
      'crash',
      'forget',
      'evict',
    ),
    { maxLength: 40 },
  )
  const weathers = fc.array(fc.constantFrom<Weather>('fine', 'fine', 'lostAnswer', 'unreachable'), { maxLength: 40 })
  const caps = fc.constantFrom(64 * MIB, 3000)

  it('brings every line in once or counts it, through crashes, lost answers, rivals and lost batches', async () => {
    await fc.assert(
      fc.asyncProperty(moves, weathers, caps, async (script, sky, capBytes) => {
        const [log, source] = [new MemoryLog(), new MemorySource()]
        const good: number[] = []
        let written = 0
        let half = ''
        const write = (wanted: string): void => {
          source.append(half + wanted)
          half = ''
        }
        log.weather = () => sky.pop() ?? 'fine'
        // What a rival has shipped may be noted between one's look at the stream and at what is noted.
        const notedLine = (): Promise<number> => Promise.resolve(Math.max(mine.covered, other.covered))
        const anew = (): LogShipper => shipperOf(log, source, { capBytes, notedLine })
        let [mine, other] = [anew(), anew()]
        const ship = async (shipper: LogShipper, end?: { lines: number }): Promise<void> => {
          await shipper.ship(end, signal).catch(() => undefined)
        }
        for (const move of script) {
          if (move === 'ship') await ship(mine)
          if (move === 'shipOther') await Promise.all([ship(mine), ship(other)])
          if (move === 'crash') [mine, other] = [anew(), mine]
          if (move === 'evict') log.evict()
          if (move === 'forget' && log.batches.length > 1) log.forgetLast()
          if (move === 'damage') {
            written += 1
            write(`{"seq":${written},\u0000}\n`)
          }
          if (move === 'write' || move === 'writeHalf') {
            written += 1
            const line = `${lineText(written)}\n`
            const cut = move === 'writeHalf' ? 20 : line.length
            write(line.slice(0, cut))
            half = line.slice(cut)
            good.push(written)
          }
        }
        write('')
        for (let i = 0; i < 60 && mine.closed === undefined; i += 1)
          await Promise.all([ship(mine, { lines: written }), ship(other, { lines: written })])
        const { lines, missing, closing } = readBack(stored(log))
        expect(lines).toEqual([...new Set(lines)].toSorted((a, b) => a - b))
        expect(lines.filter((n) => missing.has(n))).toEqual([])
        expect([...lines, ...missing].toSorted((a, b) => a - b)).toEqual(range(1, written))
        expect(closing).toEqual({ lines: lines.length, gaps: missing.size })
        if (capBytes > 3000 && !script.includes('evict')) expect(lines).toEqual(good)
        expect(stored(log).filter(({ head }) => head.closing !== undefined)).toHaveLength(1)
        if (mine.copy !== undefined && !script.includes('evict') && !script.includes('forget'))
          expect(mine.copy).toEqual(stored(log))
      }),
      { numRuns: 400 },
    )
  })
})
