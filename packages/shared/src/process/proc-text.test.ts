import { describe, expect, it } from 'vitest'
import { environmentHolds, isGone, parseStat, pidsAmong } from './proc-text.ts'

const block = (...entries: string[]): Buffer => Buffer.from(entries.map((entry) => `${entry}\0`).join(''))
const tail = '1 4242 4242 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 987654 0 0'

describe('parseStat', () => {
  it('reads state, group and start time', () => {
    expect(parseStat(`77 (node) S ${tail}\n`)).toEqual({
      pid: 77,
      state: 'S',
      processGroup: 4242,
      startTicks: '987654',
      isKernelThread: false,
    })
  })

  it.each(['a b', ') Z 1 1 1', '((', 'x) R (', '\n'])('is not misled by the command %j', (command) => {
    expect(parseStat(`77 (${command}) S ${tail}`)).toMatchObject({ state: 'S', startTicks: '987654' })
  })

  it.each(['', '77', '77 (node', '77 (node) S 1 2'])('leaves %j alone', (text) => {
    expect(parseStat(text)).toBeUndefined()
  })

  it('knows threads of the kernel and the dead', () => {
    expect(parseStat(`2 (kthreadd) S ${tail.replace('4194560', '2129984')}`)?.isKernelThread).toBe(true)
    expect([isGone({ state: 'Z' }), isGone({ state: 'T' })]).toEqual([true, false])
  })
})

describe('environmentHolds', () => {
  it('finds a whole variable wherever it stands', () => {
    expect(environmentHolds(block('A=1', 'B=2', 'C=3'), 'A', '1')).toBe(true)
    expect(environmentHolds(block('A=1', 'B=2', 'C=3'), 'B', '2')).toBe(true)
    expect(environmentHolds(block('A=1', 'B=2', 'C=3'), 'C', '3')).toBe(true)
  })

  it('takes no part of a variable for it', () => {
    expect(environmentHolds(block('XA=1', 'A=12', 'B=A=1'), 'A', '1')).toBe(false)
    expect(environmentHolds(Buffer.from('A=1'), 'A', '1')).toBe(false)
  })
})

describe('pidsAmong', () => {
  it('leaves all that is no number out', () => {
    expect(pidsAmong(['1', 'self', '42', 'thread-self', '0', '07'])).toEqual([1, 42])
  })
})
