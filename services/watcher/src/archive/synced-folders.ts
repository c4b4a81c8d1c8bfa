import { closeSync, constants, fstatSync, fsyncSync, openSync } from 'node:fs'
import { dirname } from 'node:path'

/** Makes new names below a directory outlast a power cut. */
export interface SyncedFolders {
  /** Everything that is in the folder now, and the folder itself, from the directory on. */
  sync(folder: string): void
}

export interface SyncedFoldersOptions {
  readonly directory: string
  /** {@link syncFolder}. */
  readonly syncOne: (path: string) => string
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
    sync: (folder) => {
      const synced = new Map<string, string>()
      for (let path = folder; path.length >= directory.length; path = dirname(path)) {
        const identity = syncOne(path)
        synced.set(path, identity)
        if (known.get(path) === identity) break
        // The directory itself may be new; not everyone may open what is above it.
        if (path === directory) syncIfAllowed(dirname(directory), syncOne)
      }
      for (const [path, identity] of synced) remember(path, identity)
    },
  }
}

function syncIfAllowed(path: string, syncOne: SyncedFoldersOptions['syncOne']): void {
  try {
    syncOne(path)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code !== 'EACCES' && code !== 'EPERM') throw error
  }
}

/** What is in the folder, and nothing above it. @returns what no other folder of this name is */
export function syncFolder(path: string): string {
  const folder = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY)
  try {
    fsyncSync(folder)
    const { dev, ino, birthtimeNs } = fstatSync(folder, { bigint: true })
    return [dev, ino, birthtimeNs].join(':')
  } finally {
    closeSync(folder)
  }
}
