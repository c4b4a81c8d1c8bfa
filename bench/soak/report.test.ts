import { describe, expect, it } from 'vitest'
import { conclusion, describeRows, isHarmless, type SampleAt, toRows } from './report.ts'

const samples = (value: (i: number) => SampleAt['sample']): readonly SampleAt[] =>
  Array.from({ length: 20 }, (_, i) => ({ attempts: i * 500, sample: value(i) }))

describe('the soak’s report', () => {
  it('finds nothing where nothing grows after the warm-up', () => {
    const rows = toRows(samples((i) => ({ 'watcher heap': i < 5 ? i * 10 : 50, 'files of work': 4 })))
    expect(rows.map(({ verdict }) => verdict)).toEqual(['does not grow', 'does not grow'])
    expect(conclusion(rows)).toBe('soak: nothing grows')
  })

  it('finds one small object that is left of each attempt', () => {
    const rows = toRows(samples((i) => ({ 'watcher heap': 50 + (i * 500 * 110) / 2 ** 20, 'watcher resources': 9 })))
    expect(rows.map(isHarmless)).toEqual([false, true])
    expect(conclusion(rows)).toBe('soak: watcher heap grows')
    expect(describeRows(rows)).toMatch(/watcher heap .*\+0\.105 .*≤ 0\.05 .*grows/)
  })

  it('finds one file, descriptor or resource that is left of some attempts', () => {
    for (const name of ['files of work', 'launcher descriptors', 'launcher resources'])
      expect(conclusion(toRows(samples((i) => ({ [name]: i }))))).toBe(`soak: ${name} grows`)
  })

  it('lets the broker hold its index of the ledger, and people’s files stay', () => {
    const rows = toRows(samples((i) => ({ 'broker resident': 30 + i * 0.5, 'files kept': i * 500 })))
    expect(rows.map(({ verdict }) => verdict)).toEqual(['does not grow', 'kept'])
    expect(toRows(samples((i) => ({ 'broker resident': 30 + i * 2 }))).every(isHarmless)).toBe(false)
  })

  it('judges what is not looked at each time by the looks that there were', () => {
    const rows = toRows(samples((i) => ({ 'files of work': 4, ...(i % 3 === 0 ? { 'broker heap': 9 + i } : {}) })))
    expect(rows.map(({ name, verdict }) => `${name} ${verdict}`)).toEqual([
      'files of work does not grow',
      'broker heap grows',
    ])
  })

  it('allows more where few attempts tell less, but no message', () => {
    const few = (value: (i: number) => SampleAt['sample']): readonly SampleAt[] =>
      samples(value).map(({ attempts, sample }) => ({ attempts: attempts / 20, sample }))
    const filling = { 'notifier heap': 20, 'files of work': 4, 'messages in KV_slots': 0 }
    expect(toRows(few((i) => ({ ...filling, 'notifier heap': 20 + i * 0.2 }))).every(isHarmless)).toBe(true)
    expect(toRows(samples((i) => ({ ...filling, 'notifier heap': 20 + i * 0.2 }))).every(isHarmless)).toBe(false)
    const leaking = toRows(few((i) => ({ 'notifier heap': 20 + i, 'files of work': i, 'messages in KV_slots': i })))
    expect(leaking.map(({ verdict }) => verdict)).toEqual(['grows', 'grows', 'grows'])
  })

  it('lets the ledger, branches and deliveries have what each attempt leaves, and nothing else', () => {
    const left = (each: number): SampleAt['sample'] => ({
      'messages in TASKS': 3 * each,
      'messages in KV_branches': each,
    })
    expect(toRows(samples((i) => ({ ...left(i * 500), 'messages in KV_slots': 2 }))).every(isHarmless)).toBe(true)
    const rows = toRows(samples((i) => ({ ...left(i * 501), 'messages in KV_slots': i })))
    expect(rows.map(({ verdict }) => verdict)).toEqual(['grows', 'grows', 'grows'])
  })
})
