import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { temporaryDirectory } from '@orchestrator/testing'
import { describe, expect, it } from 'vitest'
import { readUpFile, takeStateDirectory } from './state-directory.ts'

const UP = { v: 1, url: 'http://127.0.0.1:7070', pid: 4242 } as const

describe('takeStateDirectory', () => {
  it('refuses a second one and names where the first one listens, once it does', async () => {
    await using directory = await temporaryDirectory()
    // As a killed one leaves it.
    await writeFile(join(directory.path, 'up.json'), JSON.stringify({ ...UP, url: 'http://127.0.0.1:1' }))
    await using first = await takeStateDirectory(directory.path)
    await expect(takeStateDirectory(directory.path)).rejects.toMatchObject({
      code: 'BROKER_DIRECTORY_IN_USE',
      message: expect.not.stringContaining('listens at'),
    })
    await first.announce(UP)
    await expect(takeStateDirectory(directory.path)).rejects.toThrow(`listens at ${UP.url} (pid ${UP.pid})`)
  })

  it('is free again, and announces nothing any more, once given back', async () => {
    await using directory = await temporaryDirectory()
    {
      await using first = await takeStateDirectory(directory.path)
      await first.announce(UP)
    }
    await expect(readUpFile(directory.path)).resolves.toBeUndefined()
    await using _ = await takeStateDirectory(directory.path)
  })
})
