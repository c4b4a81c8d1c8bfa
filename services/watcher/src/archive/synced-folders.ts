import { constants, open } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Makes new names below a directory outlast a power cut. */
export interface SyncedFolders {
  /** Everything that is in the folder now, and the folder itself, from the directory on. */
  sync(folder: string): Promise<void>
}

export interface SyncedFoldersOptions {
  readonly directory: string
  /** {@link syncFolder}. */
  readonly syncOne: (path: string) => Promise<string>
}

/** Of the folders that were synced last: one that was forgotten is synced once more. */
const REMEMBERED_MAX = 1000

/**
 * A name is on the disk once its folder is synced, and so on upwards. What is above a folder is done once, unless it is
 * another folder by then: others may have cleared and made it anew.
 */
export function createSyncedFolders({ directory, syncOne }: SyncedFoldersOptions): SyncedFolders {
  const known = new Map<string, string>()

  const remember = (path: string, identity: string): void => {
    known.delete(path)
    known.set(path, identity)
    const [oldest] = known.keys()
    if (known.size > REMEMBERED_MAX && oldest !== undefined) known.delete(oldest)
  }

  return {
    sync: async (folder) => {
      const synced = new Map<string, string>()
      for (let path = folder; path.length >= directory.length; path = dirname(path)) {
        const identity = await syncOne(path)
        synced.set(path, identity)
        if (known.get(path) === identity) break
        // The directory itself may be new; not everyone may open what is above it.
        if (path === directory) await syncOne(dirname(directory)).catch(throwUnlessForbidden)
      }
      for (const [path, identity] of synced) remember(path, identity)
    },
  }
}

function throwUnlessForbidden(error: unknown): void {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code !== 'EACCES' && code !== 'EPERM') throw error
}

/** What is in the folder, and nothing above it. @returns what no other folder of this name is */
export async function syncFolder(path: string): Promise<string> {
  await using folder = await open(path, constants.O_RDONLY | constants.O_DIRECTORY)
  await folder.sync()
  const { dev, ino, birthtimeNs } = await folder.stat({ bigint: true })
  return [dev, ino, birthtimeNs].join(':')
}
