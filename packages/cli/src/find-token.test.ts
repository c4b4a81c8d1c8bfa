import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { temporaryDirectory } from '@orchestrator/testing'
import { describe, expect, it } from 'vitest'
import { findToken, type TokenSources } from './find-token.ts'

const NONE: TokenSources = { given: undefined, announced: undefined, environment: {}, cwd: '/nonexistent' }

describe('findToken', () => {
  it('takes the nearest source: option, file of the environment, the environment, what "up" left', async () => {
    await using directory = await temporaryDirectory()
    for (const name of ['given', 'file', 'left']) await writeFile(join(directory.path, name), `orc_${name}\n`)
    const file = { ORCHESTRATOR_TOKEN_FILE: join(directory.path, 'file') }
    const bare = { ORCHESTRATOR_TOKEN: 'orc_bare' }
    const all = { ...NONE, announced: join(directory.path, 'left'), environment: { ...file, ...bare } }
    await expect(findToken({ ...all, given: 'given', cwd: directory.path })).resolves.toBe('orc_given')
    await expect(findToken(all)).resolves.toBe('orc_file')
    await expect(findToken({ ...all, environment: bare })).resolves.toBe('orc_bare')
    await expect(findToken({ ...all, environment: {} })).resolves.toBe('orc_left')
    await expect(findToken(NONE)).resolves.toBeUndefined()
  })

  it('names the place of what cannot be read or sent, and never what is there', async () => {
    await using directory = await temporaryDirectory()
    const file = join(directory.path, 'token')
    await writeFile(file, 'two\nlines')
    await expect(findToken({ ...NONE, given: file })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(/^--token-file \S+ holds no token/),
    })
    await expect(findToken({ ...NONE, given: '/missing' })).rejects.toThrow('cannot read --token-file /missing')
    await expect(findToken({ ...NONE, environment: { ORCHESTRATOR_TOKEN: 'se cret' } })).rejects.not.toThrow('cret')
  })

  it('leaves it to the server to miss a token of another user', async () => {
    await expect(findToken({ ...NONE, announced: '/missing' })).resolves.toBeUndefined()
  })
})
