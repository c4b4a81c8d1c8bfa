import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { temporaryDirectory } from '@orchestrator/testing'
import { describe, expect, it } from 'vitest'
import type { KeepOrder } from './disk-work.ts'
import { openDisk } from './disk.ts'

const never = new AbortController().signal
const orderIn = (directory: string, name: string): KeepOrder => ({
  kind: 'keep',
  aside: join(directory, '.partial', name),
  file: join(directory, 'trader', name),
  text: name,
  mayReplace: false,
})
const kept = async (directory: string): Promise<readonly string[]> =>
  await readdir(join(directory, 'trader')).catch(() => [])

describe('the disk of the archive', () => {
  it('answers each order with what became of it, errors of the file system by their code', async () => {
    await using place = await temporaryDirectory()
    await using disk = openDisk({ directory: place.path, gatherMs: 1 })
    await mkdir(join(place.path, 'trader', 'b'), { recursive: true })
    const orders = ['a', 'b', 'c'].map((name) => ({ ...orderIn(place.path, name), mayReplace: true }))
    const answers = await Promise.allSettled(orders.map((order) => disk.order(order, never)))
    expect(answers).toMatchObject([
      { value: 'done' },
      { reason: { code: 'EISDIR', errno: expect.any(Number) } },
      { value: 'done' },
    ])
    expect(await disk.order(orderIn(place.path, 'a'), never)).toBe('exists')
  })

  it('lets an order wait for others', async () => {
    await using place = await temporaryDirectory()
    await using disk = openDisk({ directory: place.path, gatherMs: 300 })
    const first = disk.order(orderIn(place.path, 'a'), never)
    const second = disk.order(orderIn(place.path, 'b'), never)
    expect(await kept(place.path)).toEqual([])
    await Promise.all([first, second])
    expect(await kept(place.path)).toEqual(['a', 'b'])
  })

  it('is not waited for once the signal aborts', async () => {
    await using place = await temporaryDirectory()
    await using disk = openDisk({ directory: place.path, gatherMs: 60_000 })
    const stop = new AbortController()
    const waiting = disk.order(orderIn(place.path, 'a'), stop.signal)
    stop.abort(new Error('the watcher stops'))
    await expect(waiting).rejects.toThrow('the watcher stops')
  })

  it('ends what it was given when it is disposed', async () => {
    await using place = await temporaryDirectory()
    const names = Array.from({ length: 200 }, (_, i) => `log-${i}`)
    const disk = openDisk({ directory: place.path, gatherMs: 0 })
    const orders = names.map((name) => disk.order(orderIn(place.path, name), never))
    await expect.poll(() => readdir(join(place.path, '.partial')), { interval: 1 }).not.toEqual([])
    await disk[Symbol.asyncDispose]()
    expect(await Promise.all(orders)).toEqual(names.map(() => 'done'))
  })

  it('says retryably that its thread is lost, and goes on with another one', async () => {
    await using place = await temporaryDirectory()
    await using disk = openDisk({ directory: place.path, gatherMs: 0 })
    // Nothing that a thread can work on.
    const broken = disk.order({ ...orderIn(place.path, 'a'), file: 'no \0 path' }, never)
    await expect(broken).rejects.toMatchObject({ code: 'RUNTIME_UNAVAILABLE', retryable: true })
    expect(await disk.order(orderIn(place.path, 'b'), never)).toBe('done')
  })
})
