import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ERROR_CODES } from '@orchestrator/shared/core'
import { describe, expect, it } from 'vitest'
import { tableRows } from './markdown-tables.ts'

const root = join(import.meta.dirname, '../..')
const text = readFileSync(join(root, 'docs/troubleshooting.md'), 'utf8')

/** Codes that only the HTTP door has, where it refuses before anything means something: from its sources. */
function doorCodes(): readonly string[] {
  const files = globSync('services/submitter/src/http/{*,access/*,mcp/*}.ts', { cwd: root, exclude: ['**/*.test.ts'] })
  const refusals =
    /(?:HttpRefusal\(|super\(|problem\()\s*[\d[\]a-z ]+,\s*'([A-Z_]+)'|\bcode: '([A-Z_]+)'|\b\d{3}: '([A-Z_]+)'/gm
  return files
    .flatMap((file) =>
      [...readFileSync(join(root, file), 'utf8').matchAll(refusals)].flatMap(([, ...codes]) =>
        codes.find((code) => code),
      ),
    )
    .filter((code) => code !== undefined)
}

const explained = new Set(tableRows(text).flatMap(([seen = '']) => seen.match(/(?<=`)[A-Z]+(?:_[A-Z]+)*(?=`)/g) ?? []))

describe('troubleshooting', () => {
  it('explains every error code, each with what to do', () => {
    const codes = [...new Set<string>([...ERROR_CODES, ...doorCodes()])]
    expect(codes.length).toBeGreaterThan(ERROR_CODES.length + 10)
    expect(codes.filter((code) => !explained.has(code))).toEqual([])
    expect(tableRows(text).filter((cells) => cells.length !== 3 || cells.includes(''))).toEqual([])
  })

  it('explains none that is not there', () => {
    const codes = new Set<string>([...ERROR_CODES, ...doorCodes()])
    expect([...explained].filter((code) => !codes.has(code))).toEqual([])
  })
})
