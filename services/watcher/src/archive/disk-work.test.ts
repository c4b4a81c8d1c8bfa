import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { temporaryDirectory } from '@orchestrator/testing'
import { describe, expect, it } from 'vitest'
import { createDiskWork, type KeepOrder } from './disk-work.ts'

const orderIn = (directory: string, task: string, change: Partial<KeepOrder> = {}): KeepOrder => ({
  kind: 'keep',
  aside: join(directory, '.partial', task),
  file: join(directory, 'trader', task, 'log.gz'),
  text: `the log of ${task}\n`,
  mayReplace: false,
  ...change,
})
const textOf = async ({ file }: KeepOrder): Promise<string> => gunzipSync(await readFile(file)).toString('utf8')

describe('work on the archive’s disk', () => {
  it('keeps what was ordered together, each file whole, and nothing aside', async () => {
    await using place = await temporaryDirectory()
    const orders = ['1', '2', '3'].map((task) => orderIn(place.path, task))
    expect(createDiskWork(place.path)(orders)).toEqual([{ kind: 'done' }, { kind: 'done' }, { kind: 'done' }])
    expect(await Promise.all(orders.map(textOf))).toEqual(orders.map(({ text }) => text))
    expect(await readdir(join(place.path, '.partial'))).toEqual([])
  })

  it('lets a file stay that is there by then, unless it may be replaced', async () => {
    await using place = await temporaryDirectory()
    const work = createDiskWork(place.path)
    const order = orderIn(place.path, '1')
    work([order])
    const later = { ...order, text: 'later' }
    expect(work([later])).toEqual([{ kind: 'exists' }])
    expect(await textOf(order)).toBe(order.text)
    expect(work([{ ...later, mayReplace: true }])).toEqual([{ kind: 'done' }])
    expect(await textOf(order)).toBe('later')
    expect(await readdir(join(place.path, '.partial'))).toEqual([])
  })

  it('moves what was written aside before as it is, and leaves it there where it is not wanted', async () => {
    await using place = await temporaryDirectory()
    const work = createDiskWork(place.path)
    const { text: _, ...order } = orderIn(place.path, '1')
    await mkdir(join(place.path, '.partial'))
    for (const expected of ['done', 'exists']) {
      await writeFile(order.aside, expected)
      expect(work([order])).toEqual([{ kind: expected }])
    }
    expect(await readFile(order.file, 'utf8')).toBe('done')
    expect(await readFile(order.aside, 'utf8')).toBe('exists')
  })

  it('fails for the one that cannot be kept, and for no other of its row', async () => {
    await using place = await temporaryDirectory()
    const [good, bad, next] = ['1', '2', '3'].map((task) => orderIn(place.path, task)) as [
      KeepOrder,
      KeepOrder,
      KeepOrder,
    ]
    await mkdir(join(place.path, 'trader'))
    await writeFile(join(place.path, 'trader', '2'), 'no folder')
    const answers = createDiskWork(place.path)([
      good,
      bad,
      { kind: 'sync', file: join(place.path, 'trader', '4', 'log.gz') },
      next,
    ])
    expect(answers).toEqual([
      { kind: 'done' },
      expect.objectContaining({ kind: 'failed', code: 'ENOTDIR' }),
      expect.objectContaining({ kind: 'failed', code: 'ENOENT' }),
      { kind: 'done' },
    ])
    expect(await readdir(join(place.path, '.partial'))).toEqual([])
  })
})
