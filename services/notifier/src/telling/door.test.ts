import { describe, expect, it } from 'vitest'
import { createDoor } from './door.ts'

const LONG_MS = 60_000

describe('the door', () => {
  it('lets in whoever came first, one at a time', async () => {
    const door = createDoor(32)
    const admitted: string[] = []
    const waiting = ['a', 'b'].map(async (name) => {
      await door.turn(LONG_MS)
      admitted.push(name)
    })
    expect(door.next()).toBe(true)
    await waiting[0]
    expect(admitted).toEqual(['a'])
    expect(door.next()).toBe(true)
    await Promise.all(waiting)
    expect(admitted).toEqual(['a', 'b'])
    expect(door.next()).toBe(false)
  })

  it('keeps nobody for longer than they wait, and no more than there are places', async () => {
    const door = createDoor(32)
    await door.turn(1)
    expect(door.next()).toBe(false)
    const waiting = Array.from({ length: 32 }, () => door.turn(LONG_MS))
    await door.turn(LONG_MS)
    for (const _ of waiting) door.next()
    await Promise.all(waiting)
  })
})
