import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { REASONS } from '@orchestrator/shared/contracts'
import { describe, expect, it } from 'vitest'
import { sectionOf, tableRows } from './markdown-tables.ts'

const operations = readFileSync(join(import.meta.dirname, '../../docs/operations.md'), 'utf8')

describe('the operations manual', () => {
  it('says of each reason, and of no other, what it means and what to do, in the order of the contracts', () => {
    const rows = tableRows(sectionOf(operations, 'Reasons'))
    expect(rows.map(([reason]) => reason)).toEqual(REASONS.map((reason) => `\`${reason}\``))
    expect(rows.filter((cells) => cells.length !== 3 || cells.includes(''))).toEqual([])
  })
})
