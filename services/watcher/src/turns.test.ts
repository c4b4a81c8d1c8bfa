import { describe, expect, it } from 'vitest'
import { Turns } from './turns.ts'

describe('Turns', () => {
  it('lets so many run at once, the others in their order, failures included', async () => {
    const turns = new Turns(2)
    const gates = [1, 2, 3, 4].map(() => Promise.withResolvers<void>())
    const begun: number[] = []
    const works = gates.map(async ({ promise }, i) => {
      await turns.run(async () => {
        begun.push(i)
        await promise
      })
    })
    await Promise.resolve()
    expect(begun).toEqual([0, 1])
    gates[1]?.reject(new Error('failed'))
    await expect(works[1]).rejects.toThrow('failed')
    expect(begun).toEqual([0, 1, 2])
    for (const { resolve } of gates) resolve()
    await Promise.all([works[0], works[2], works[3]])
    expect(begun).toEqual([0, 1, 2, 3])
  })
})
