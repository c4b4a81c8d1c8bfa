import type { LogLine } from '@orchestrator/client'
import { NO_USAGE } from '@orchestrator/shared/contracts'
import { expect, it } from 'vitest'
import { readPage } from './log-page.ts'

const time = '2026-11-24T10:00:31.000Z'
const said = (seq: number): LogLine => ({ seq, time, kind: 'text', text: `line ${seq}` })

async function* log(...lines: readonly LogLine[]): AsyncGenerator<LogLine> {
  for (const line of lines) yield await Promise.resolve(line)
}

it('counts a gap as the lines that are missing, and says that they are', async () => {
  const page = await readPage({
    log: log(said(1), { kind: 'gap', first: 2, last: 9 }, said(10)),
    fromLine: 1,
    limit: 10,
  })
  expect(page).toMatchObject({ first: 1, last: 10, next: 11, complete: false })
  expect(page.lines[1]).toBe('-- lines 2 to 9 are missing --')
})

it('counts lines that no reader misses, and shows those of another release as they are', async () => {
  const usage = { seq: 1, time, kind: 'usage', usage: NO_USAGE }
  const later = { seq: 2, time, kind: 'invented-later', text: '\u009B2J' }
  const page = await readPage({ log: log(usage, later, said(3)), fromLine: 1, limit: 10 })
  expect(page.lines).toEqual([
    String.raw`{"seq":2,"time":"${time}","kind":"invented-later","text":"\x9b2J"}`,
    '10:00:31 > line 3',
  ])
  expect(page).toMatchObject({ first: 1, last: 3, next: 4 })
})

it('hands out a line that is larger than a page all the same', async () => {
  const wide = { seq: 2, time, kind: 'text', text: 'x'.repeat(50_000) }
  await expect(readPage({ log: log(said(1), wide), fromLine: 1, limit: 10 })).resolves.toMatchObject({ next: 2 })
  await expect(readPage({ log: log(wide, said(3)), fromLine: 2, limit: 10 })).resolves.toMatchObject({ next: 3 })
  await expect(readPage({ log: log(wide), fromLine: undefined, limit: 10 })).resolves.toMatchObject({
    first: 2,
    last: 2,
  })
})

it('is empty where nothing is, and goes on from where it was asked', async () => {
  const end: LogLine = { kind: 'end', lines: 3, gaps: 0 }
  await expect(readPage({ log: log(end), fromLine: 4, limit: 10 })).resolves.toEqual({
    lines: [],
    first: undefined,
    last: undefined,
    next: 4,
    complete: true,
  })
})
