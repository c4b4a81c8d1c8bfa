import { mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ResultRecord, SUMMARY_MAX_BYTES } from '@orchestrator/shared/contracts'
import { type Clock, sha256Hex } from '@orchestrator/shared/core'
import { createTestClock, temporaryDirectory } from '@orchestrator/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { aRecord } from './evidence/example-fixture.ts'
import { createRedaction } from './lines/redaction.ts'
import { toSummary, writeResult } from './result.ts'

describe('toSummary', () => {
  it('fits its bound with any message', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 3000 }), (message) => {
        const summary = toSummary({
          submittedId: '01234567-89ab-cdef-0123-456789abcdef',
          verdict: { outcome: 'Failed', reason: 'RepositoryUnavailable', message, verified: false },
          pushedSha: 'a'.repeat(40),
          digest: 'b'.repeat(64),
        })
        const line = JSON.stringify({ seq: 999_999, time: '2026-01-01T00:00:00.000Z', ...summary })
        expect(Buffer.byteLength(line)).toBeLessThan(SUMMARY_MAX_BYTES)
      }),
    )
  })
})

describe('writeResult', () => {
  const record = aRecord({ message: 'it said hunter2-hunter2', brief: '# Failed\n\nhunter2-hunter2\n' })
  const redaction = createRedaction(['hunter2-hunter2'])

  /** A folder that takes nothing until somebody waited so often. */
  function place(attemptDirectory: string, roomAfter: number): Parameters<typeof writeResult>[0] {
    let waits = 0
    const clock: Clock = {
      ...createTestClock(),
      sleep: async () => {
        waits += 1
        if (waits === roomAfter) await mkdir(attemptDirectory)
      },
    }
    const tenancy = {
      attemptDirectory,
      assertCurrent: async () => undefined,
      [Symbol.asyncDispose]: async () => undefined,
    }
    return { redaction, clock, tenancy }
  }

  it('tries again while there is no room, and leaves whole files without secrets', async () => {
    await using directory = await temporaryDirectory()
    const folder = join(directory.path, 'attempt-1')
    const digest = await writeResult(place(folder, 3), record)
    const text = await readFile(join(folder, 'result.json'), 'utf8')
    expect(digest).toBe(sha256Hex(text))
    expect(ResultRecord.parse(JSON.parse(text)).message).toBe('it said [redacted]')
    expect((await readdir(folder)).toSorted()).toEqual(['brief.md', 'result.json'])
    expect(await readFile(join(folder, 'brief.md'), 'utf8')).toBe('# Failed\n\n[redacted]\n')
  })

  it('gives up in the end: the summary line is left', async () => {
    await using directory = await temporaryDirectory()
    expect(await writeResult(place(join(directory.path, 'never'), Infinity), record)).toBe('')
  })
})
