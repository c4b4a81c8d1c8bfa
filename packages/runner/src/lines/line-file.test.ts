import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryDirectory } from '@orchestrator/testing'
import { describe, expect, it } from 'vitest'
import { createFileSink } from './line-file.ts'

describe('createFileSink', () => {
  it('has every line in the file as soon as it returns', async () => {
    await using directory = await temporaryDirectory()
    const path = join(directory.path, 'lines')
    const descriptor = openSync(path, 'a')
    const sink = createFileSink(descriptor)
    expect(sink.append('one')).toBe(true)
    expect(readFileSync(path, 'utf8')).toBe('one\n')
    expect(sink.append('two')).toBe(true)
    expect(readFileSync(path, 'utf8')).toBe('one\ntwo\n')
    closeSync(descriptor)
  })

  it('loses a line, not the attempt, when the disk is full', () => {
    const descriptor = openSync('/dev/full', 'w')
    const sink = createFileSink(descriptor)
    expect(sink.append('one')).toBe(false)
    expect(sink.append('two')).toBe(false)
    closeSync(descriptor)
  })
})
