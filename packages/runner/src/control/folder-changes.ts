import { type FSWatcher, watch } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'

export interface FolderChangesOptions {
  readonly folder: string
  readonly signal: AbortSignal
  /** How long to rest before looking again unasked, milliseconds; called before each rest. */
  readonly pollMs: () => number
}

/**
 * Yields at once, then whenever something may have changed in the folder: at a hint of the kernel, and anyway at
 * intervals, because hints can be unavailable or lost. Ends when the signal aborts.
 */
export async function* folderChanges({ folder, signal, pollMs }: FolderChangesOptions): AsyncGenerator<void> {
  let bell = new AbortController()
  const watcher = tryWatch(folder, () => bell.abort())
  try {
    while (!signal.aborted) {
      bell = new AbortController()
      yield
      await delay(pollMs(), undefined, { signal: AbortSignal.any([signal, bell.signal]) }).catch(() => undefined)
    }
  } finally {
    watcher?.close()
  }
}

function tryWatch(folder: string, onChange: () => void): FSWatcher | undefined {
  try {
    const watcher = watch(folder, onChange)
    // The folder went away, or the kernel's table of watches is full: polling remains.
    watcher.on('error', () => watcher.close())
    return watcher
  } catch {
    return undefined
  }
}
