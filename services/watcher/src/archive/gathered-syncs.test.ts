import { describe, expect, it } from 'vitest'
import { createGatheredSyncs } from './gathered-syncs.ts'

const never = new AbortController().signal

describe('gathered syncs', () => {
  it('are done one after the other, each name once, and none that came later', async () => {
    const syncs = createGatheredSyncs(20)
    const [begun, done]: [string[], string[]] = [[], []]
    const work = (name: string) => async (): Promise<void> => {
      begun.push(name)
      await new Promise(setImmediate)
      expect(begun.length).toBe(done.length + 1)
      done.push(name)
    }
    const first = ['a', 'b', 'a', 'c'].map((name) => syncs.sync(name, work(name), never))
    expect(begun).toEqual([])
    await first[0]
    // Whoever comes now may have written after that.
    const late = syncs.sync('a', work('a'), never)
    await Promise.all(first)
    expect(done).toEqual(['a', 'b', 'c'])
    await late
    expect(done).toEqual(['a', 'b', 'c', 'a'])
  })

  it('fail for those that asked, and for no other', async () => {
    const syncs = createGatheredSyncs(1)
    const failing = (): Promise<void> => Promise.reject(new Error('no disk'))
    const [broken, same, other] = ['a', 'a', 'b'].map((name) =>
      syncs.sync(name, name === 'a' ? failing : () => Promise.resolve(), never),
    )
    await expect(broken).rejects.toThrow('no disk')
    await expect(same).rejects.toThrow('no disk')
    await other
  })

  it('are not waited for once the signal aborts', async () => {
    const syncs = createGatheredSyncs(500)
    const stop = new AbortController()
    const waiting = syncs.sync('a', () => Promise.resolve(), stop.signal)
    stop.abort(new Error('the watcher stops'))
    await expect(waiting).rejects.toThrow('the watcher stops')
  })
})
