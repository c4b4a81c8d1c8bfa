import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { temporaryDirectory } from '@orchestrator/testing'
import { describe, expect, it } from 'vitest'
import { readMarks } from './observer.ts'

const SCRIPT = join(import.meta.dirname, 'agent-mark.sh')

function environment(attempt: string): Record<string, string> {
  return { PATH: process.env['PATH'] ?? '', ORCHESTRATOR_ATTEMPT: attempt, ORCHESTRATOR_SERVICE: 'alpha' }
}

function startStray(attempt: string): ChildProcess & Disposable {
  const child = spawn('sleep', ['60'], { env: environment(attempt), stdio: 'ignore' })
  return Object.assign(child, { [Symbol.dispose]: () => void child.kill('SIGKILL') })
}

describe('agent-mark.sh', () => {
  it('writes down begin and end, and a living process of an earlier attempt', async () => {
    await using folder = await temporaryDirectory()
    const mark = async (attempt: string, what: string): Promise<void> => {
      await promisify(execFile)('sh', [SCRIPT, folder.path, what], { cwd: folder.path, env: environment(attempt) })
    }
    const seen = async (): Promise<string[]> =>
      (await readMarks(folder.path)).map(({ what, submittedId }) => `${what} ${submittedId}`)
    const [one, two, three] = ['one', 'two', 'three'].map((name) => `${name}-${process.pid}`) as [
      string,
      string,
      string,
    ]
    using stray = startStray(two)
    expect(stray.pid).toBeGreaterThan(0)

    for (const attempt of [one, two]) for (const what of ['begin', 'end']) await mark(attempt, what)
    await expect(seen()).resolves.toEqual([`begin ${one}`, `end ${one}`, `begin ${two}`, `end ${two}`])
    await mark(three, 'begin')
    expect((await seen()).slice(4)).toEqual([`overlap ${three}`, `begin ${three}`])
  })
})
