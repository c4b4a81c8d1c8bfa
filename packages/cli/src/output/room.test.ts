import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { untilRoom } from './room.ts'

describe('room', () => {
  function full(): { readonly stream: PassThrough; readonly isThere: () => boolean; readonly there: Promise<void> } {
    const stream = new PassThrough({ highWaterMark: 4 })
    stream.write('a line\n')
    let isThere = false
    const there = untilRoom(stream).then(() => void (isThere = true))
    return { stream, isThere: () => isThere, there }
  }

  it('is there where a stream is not full', async () => {
    await untilRoom(new PassThrough())
  })

  it('comes once the reader has read, and not before', async () => {
    const { stream, isThere, there } = full()
    await new Promise(setImmediate)
    expect(isThere()).toBe(false)
    stream.resume()
    await there
    expect(stream.listenerCount('drain') + stream.listenerCount('close')).toBe(0)
  })

  it('is not waited for when the reader has gone', async () => {
    const { stream, there } = full()
    stream.destroy()
    await there
  })
})
