import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { temporaryDirectory } from '@orchestrator/testing'
import { describe, expect, it } from 'vitest'
import { readMachineId } from './machine-id.ts'

describe('readMachineId', () => {
  it('is made once, whoever comes first', async () => {
    await using directory = await temporaryDirectory()
    const state = join(directory.path, 'state')
    const ids = await Promise.all(Array.from({ length: 8 }, async () => await readMachineId(state)))
    expect(new Set(ids).size).toBe(1)
    expect(ids[0]).toMatch(/^[0-9a-f-]{36}$/)
  })

  it('is not made up for a damaged file', async () => {
    await using directory = await temporaryDirectory()
    await writeFile(join(directory.path, 'machine-id'), '')
    await expect(readMachineId(directory.path)).rejects.toThrow('machine-id is empty')
  })
})
