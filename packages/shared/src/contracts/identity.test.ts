import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareTaskIds, TaskIdInput } from './identity.ts'

describe('TaskIdInput', () => {
  it('takes an integer as well as text', () => {
    expect(TaskIdInput.parse(1)).toBe('1')
    expect(TaskIdInput.parse('1.10')).toBe('1.10')
  })

  it('refuses a fraction, because JSON cannot tell 1.10 from 1.1', () => {
    const parsed = TaskIdInput.safeParse(1.1)
    expect(parsed.success).toBe(false)
    expect(JSON.stringify(parsed.error?.issues)).toContain('must be a string')
  })
})

describe('compareTaskIds', () => {
  it('counts as people do', () => {
    expect(['2', '1.10', '1.2', '1', '10'].toSorted(compareTaskIds)).toEqual(['1', '1.2', '1.10', '2', '10'])
  })

  it('is a total order', () => {
    const id = fc.stringMatching(/^(0|[1-9][0-9]?)(\.(0|[1-9])){0,2}$/)
    fc.assert(
      fc.property(id, id, (a, b) => {
        expect(Math.sign(compareTaskIds(a, b)) + Math.sign(compareTaskIds(b, a))).toBe(0)
        expect(compareTaskIds(a, b) === 0).toBe(a === b)
      }),
    )
  })
})
