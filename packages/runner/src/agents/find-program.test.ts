import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { temporaryDirectory } from '@orchestrator/testing'
import { describe, expect, it } from 'vitest'
import { findProgram } from './find-program.ts'

describe('findProgram', () => {
  it('takes the first executable file on the path, not folders nor plain files', async () => {
    await using directory = await temporaryDirectory()
    const folders = ['a', 'b', 'c'].map((name) => join(directory.path, name))
    for (const folder of folders) await mkdir(folder)
    const [a = '', b = '', c = ''] = folders
    await mkdir(join(a, 'tool'))
    await writeFile(join(b, 'tool'), '')
    await writeFile(join(c, 'tool'), '#!/bin/sh\n')
    await chmod(join(c, 'tool'), 0o755)
    expect(await findProgram('tool', folders.join(':'))).toBe(join(c, 'tool'))
    expect(await findProgram(join(c, 'tool'), '')).toBe(join(c, 'tool'))
  })

  it.each(['no-such-tool', '/no/such/tool', './tool', 'bin/tool', ''])(
    'names the program %j that it cannot find',
    async (program) => {
      await expect(findProgram(program, '/nowhere::relative')).rejects.toMatchObject({
        code: 'TOOLS_UNAVAILABLE',
        message: expect.stringContaining(JSON.stringify(program)),
      })
    },
  )
})
