import { existsSync, type FSWatcher, watch } from 'node:fs'
import { join } from 'node:path'
import { RESULT_FILE } from '@orchestrator/shared/contracts'
import { linesFolder } from '@orchestrator/shared/process'
import type { StartedAttempt } from '../../started-attempt.ts'
import type { WorkloadHints } from '../port.ts'
import { resultFolder } from './launch-folder.ts'

/**
 * Hints from the kernel: lines when the lines file changes, an end when the result record appears. Where no watch can
 * be had (a folder is not there, the kernel's table is full) regular looks remain.
 */
export function watchFiles(folder: string, attempt: StartedAttempt, hints: WorkloadHints): Disposable {
  const stack = new DisposableStack()
  const results = new ResultWatch(folder, attempt, hints.onEnd)
  stack.defer(() => results.close())
  const lines = tryWatch(linesFolder(folder), () => {
    results.open()
    hints.onLines()
  })
  stack.defer(() => lines?.close())
  return stack
}

/** The result's folder is made by the runner: it can be watched once there are lines. */
class ResultWatch {
  readonly #find: () => Promise<string | undefined>
  readonly #onEnd: () => void
  #watcher: FSWatcher | undefined
  #state: 'closed' | 'opening' | 'open' | 'disposed' = 'closed'

  constructor(folder: string, attempt: StartedAttempt, onEnd: () => void) {
    this.#find = () => resultFolder(folder, attempt)
    this.#onEnd = onEnd
  }

  open(): void {
    if (this.#state !== 'closed') return
    this.#state = 'opening'
    this.#find().then(
      (folder) => this.#watch(folder),
      () => this.#watch(undefined),
    )
  }

  close(): void {
    this.#state = 'disposed'
    this.#watcher?.close()
  }

  #watch(folder: string | undefined): void {
    if (this.#state === 'disposed') return
    this.#watcher = folder === undefined ? undefined : tryWatch(folder, (file) => file === RESULT_FILE && this.#onEnd())
    this.#state = this.#watcher === undefined ? 'closed' : 'open'
    // It may have been written before it was watched.
    if (folder !== undefined && existsSync(join(folder, RESULT_FILE))) this.#onEnd()
  }
}

function tryWatch(folder: string, onChange: (file: string | null) => void): FSWatcher | undefined {
  try {
    const watcher = watch(folder, (_event, file) => onChange(file))
    watcher.on('error', () => watcher.close())
    return watcher
  } catch {
    return undefined
  }
}
