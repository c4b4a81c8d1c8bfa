import { mkdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { temporaryDirectory } from '@orchestrator/testing'
import { describe, expect, it } from 'vitest'
import { createSyncedFolders, syncFolder } from './synced-folders.ts'

describe('folders whose names outlast a power cut', () => {
  it('are synced up to the top once, then alone, and up again once they are others', async () => {
    await using place = await temporaryDirectory()
    const directory = join(place.path, 'archive')
    const [tag, task, next] = ['trader/master', 'trader/master/1', 'trader/master/2'].map((path) =>
      join(directory, path),
    ) as [string, string, string]
    const synced: string[] = []
    const folders = createSyncedFolders({
      directory,
      syncOne: async (path) => {
        const identity = await syncFolder(path)
        synced.push(path)
        return identity
      },
    })
    const sync = async (folder: string): Promise<readonly string[]> => {
      synced.length = 0
      await folders.sync(folder)
      return synced
    }
    await mkdir(task, { recursive: true })
    expect(await sync(task)).toEqual([task, tag, dirname(tag), directory, place.path])
    expect(await sync(task)).toEqual([task])
    await mkdir(next)
    expect(await sync(next)).toEqual([next, tag])
    await rm(join(directory, 'trader'), { recursive: true })
    await mkdir(task, { recursive: true })
    expect(await sync(task)).toEqual([task, tag, dirname(tag), directory])
    await rm(task, { recursive: true })
    await expect(folders.sync(task)).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it.each([
    ['EACCES', true],
    ['EPERM', true],
    ['EIO', false],
  ])('are synced although what is above the archive says %s: %s', async (code, isSynced) => {
    await using place = await temporaryDirectory()
    const directory = join(place.path, 'archive')
    await mkdir(directory)
    const syncOne = async (path: string): Promise<string> => {
      if (path === place.path) throw Object.assign(new Error(code), { code })
      return await syncFolder(path)
    }
    const outcome = createSyncedFolders({ directory, syncOne })
      .sync(directory)
      .then(
        () => true,
        () => false,
      )
    expect(await outcome).toBe(isSynced)
  })

  it('are synced again where the last time was cut', async () => {
    await using place = await temporaryDirectory()
    const directory = join(place.path, 'archive')
    const lowest = join(directory, 'trader')
    await mkdir(lowest, { recursive: true })
    const synced: string[] = []
    let broken = true
    const folders = createSyncedFolders({
      directory,
      syncOne: async (path) => {
        if (broken && path === directory) throw new Error('no disk')
        synced.push(path)
        return await syncFolder(path)
      },
    })
    await expect(folders.sync(lowest)).rejects.toThrow('no disk')
    broken = false
    await folders.sync(lowest)
    expect(synced).toEqual([lowest, lowest, directory, place.path])
  })
})
