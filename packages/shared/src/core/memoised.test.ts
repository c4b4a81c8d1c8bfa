import { expect, it } from 'vitest'
import { memoised } from './memoised.ts'

it('a memoised function computes once for each text, whatever the answer, and keeps at most so many', () => {
  const asked: string[] = []
  const emptyIsUndefined = memoised(2, (text) => {
    asked.push(text)
    return text === '' ? undefined : text.length
  })
  expect(['a', '', 'a', ''].map(emptyIsUndefined)).toEqual([1, undefined, 1, undefined])
  expect(asked).toEqual(['a', ''])
  expect(emptyIsUndefined('ccc')).toBe(3)
  expect(emptyIsUndefined('a')).toBe(1)
  expect(asked).toEqual(['a', '', 'ccc', 'a'])
})

it('what it throws it throws again', () => {
  const failing = memoised(2, (text): number => {
    throw new Error(text)
  })
  expect(() => failing('x')).toThrow('x')
  expect(() => failing('x')).toThrow('x')
})
