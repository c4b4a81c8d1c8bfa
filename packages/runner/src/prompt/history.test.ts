import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { EarlierAttempt } from '@orchestrator/shared/contracts'
import { temporaryDirectory } from '@orchestrator/testing'
import { describe, expect, it } from 'vitest'
import { aRecord } from '../evidence/example-fixture.ts'
import { readTraces, tellHistory } from './history.ts'

function earlier(n: number): EarlierAttempt {
  return {
    n,
    name: `trader-claude-agent-1-task1-attempt${n}`,
    phase: 'Failed',
    reason: 'GateFailed',
    message: 'The gate "unit" failed.',
    guidance: null,
    promptMode: 'append',
  }
}

describe('history', () => {
  it('is empty for a first attempt', async () => {
    expect(tellHistory(await readTraces([], '/nowhere/attempt-1'))).toBe('')
  })

  it('tells of each attempt its end, folder, commits, changes and brief', async () => {
    await using task = await temporaryDirectory()
    const folder = join(task.path, 'attempt-1')
    await mkdir(folder)
    await writeFile(join(folder, 'result.json'), JSON.stringify(aRecord({ name: earlier(1).name })))
    await writeFile(join(folder, 'brief.md'), '# Failed\n\n<!-- orchestrator:documents -->\n')
    const text = tellHistory(await readTraces([earlier(1), earlier(2)], join(task.path, 'attempt-3')))
    expect(text).toContain('### Attempt 1: Failed, GateFailed\n\nThe gate "unit" failed.')
    expect(text).toContain(`Its folder, for reading: ${folder}`)
    expect(text).toContain('2 files, +3 -1')
    expect(text).toContain('- aaaaaaaaaa Add an order book')
    expect(text).toContain('> # Failed\n>\n> <!-- orchestrator:documents -->')
    expect(text).toContain('### Attempt 2: Failed, GateFailed\n\nThe gate "unit" failed.\n\nIt left no folder.')
  })

  it('knows the folder of a number that was used twice by the name in its result', async () => {
    await using task = await temporaryDirectory()
    for (const [name, attempt] of [
      ['attempt-1', 'another-attempt'],
      ['attempt-1-g2', earlier(1).name],
    ] as const) {
      await mkdir(join(task.path, name))
      await writeFile(join(task.path, name, 'result.json'), JSON.stringify(aRecord({ name: attempt })))
    }
    const [traces] = await readTraces([earlier(1)], join(task.path, 'attempt-2-g2'))
    expect(traces?.folder).toBe(join(task.path, 'attempt-1-g2'))
  })

  it('bears a damaged result and a huge brief', async () => {
    await using task = await temporaryDirectory()
    const folder = join(task.path, 'attempt-1')
    await mkdir(folder)
    await writeFile(join(folder, 'result.json'), '{"v":')
    await writeFile(join(folder, 'brief.md'), 'x'.repeat(1_000_000))
    const text = tellHistory(await readTraces([earlier(1)], join(task.path, 'attempt-2')))
    expect(text.length).toBeLessThan(20_000)
    expect(text).toContain(folder)
  })
})
