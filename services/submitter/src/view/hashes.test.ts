import { describe, expect, it } from 'vitest'
import { hashOfBranch, hashOfKey, hashOfName, hashOfTask } from './hashes.ts'

describe('hashes', () => {
  it('tell apart what the same texts are, and where one ends and the next begins', () => {
    const hashes = [
      hashOfKey('ab'),
      hashOfName('ab'),
      hashOfBranch('ab', ''),
      hashOfBranch('a', 'b'),
      hashOfTask({ service: 'ab', tag: '', taskId: '' }),
      hashOfTask({ service: 'a', tag: 'b', taskId: '' }),
      hashOfTask({ service: 'a', tag: '', taskId: 'b' }),
    ]
    expect(new Set(hashes).size).toBe(hashes.length)
  })

  it('stay what they are: files hold them, so others need another version of the schema', () => {
    expect([hashOfKey('http/local/1'), hashOfName('a8736')]).toEqual([1_800_849_812, -2_111_156_637])
  })
})
