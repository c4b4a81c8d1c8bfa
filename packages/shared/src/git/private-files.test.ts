import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, it } from 'vitest'
import { openPrivateFiles, removeLeftPrivateFiles } from './private-files.ts'

it('files of one call are for this user alone, and gone after it', async () => {
  let path = ''
  {
    await using files = await openPrivateFiles()
    path = await files.write('key', 'secret')
    expect(await readFile(path, 'utf8')).toBe('secret')
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect((await stat(dirname(path))).mode & 0o777).toBe(0o700)
  }
  expect(existsSync(dirname(path))).toBe(false)
})

it('what a process left that was killed is removed, what a living one has is not', async () => {
  await using files = await openPrivateFiles()
  const own = await files.write('key', 'secret')
  const { pid: dead } = spawnSync('true')
  const left = await mkdtemp(join(tmpdir(), `orchestrator-git-${dead}-`))
  await writeFile(join(left, 'key'), 'secret')
  await removeLeftPrivateFiles()
  expect([existsSync(own), existsSync(left)]).toEqual([true, false])
})
