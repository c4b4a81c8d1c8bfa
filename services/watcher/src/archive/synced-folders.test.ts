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
      syncOne: (path) => {
        const identity = syncFolder(path)
        synced.push(path)
        return identity
      },
    })
    const sync = (folder: string): readonly string[] => {
      synced.length = 0
      folders.sync(folder)
      return synced
    }
    await mkdir(task, { recursive: true })
    expect(sync(task)).toEqual([task, tag, dirname(tag), directory, place.path])
    expect(sync(task)).toEqual([task])
    await mkdir(next)
    expect(sync(next)).toEqual([next, tag])
    await rm(join(directory, 'trader'), { recursive: true })
    await mkdir(task, { recursive: true })
    expect(sync(task)).toEqual([task, tag, dirname(tag), directory])
    await rm(task, { recursive: true })
    expect(() => folders.sync(task)).toThrow(expect.objectContaining({ code: 'ENOENT' }))
  })

  it.each([
    ['EACCES', true],
    ['EPERM', true],
    ['EIO', false],
  ])('are synced although what is above the archive says %s: %s', async (code, isSynced) => {
    await using place = await temporaryDirectory()
    const directory = join(place.path, 'archive')
    await mkdir(directory)
    const syncOne = (path: string): string => {
      if (path === place.path) throw Object.assign(new Error(code), { code })
      return syncFolder(path)
    }
    const sync = (): void => createSyncedFolders({ directory, syncOne }).sync(directory)
    if (isSynced) sync()
    else expect(sync).toThrow(code)
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
      syncOne: (path) => {
        if (broken && path === directory) throw new Error('no disk')
        synced.push(path)
        return syncFolder(path)
      },
    })
    expect(() => folders.sync(lowest)).toThrow('no disk')
    broken = false
    folders.sync(lowest)
    expect(synced).toEqual([lowest, lowest, directory, place.path])
  })
})
