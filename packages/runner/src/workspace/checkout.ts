import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Git } from '@orchestrator/shared/git'
import type { Mirror } from './mirror.ts'
import type { Recorder } from './recorder.ts'

export interface CheckoutDependencies {
  readonly git: Git
  readonly mirror: Mirror
  /** Checkouts are folders whose path begins with this. */
  readonly prefix: string
  readonly recorder: Recorder
  readonly signal: AbortSignal
}

/**
 * A commit of the runner's own clone in a fresh folder: a repository of its own that holds only this commit, so that
 * nothing which runs in it can reach the clone.
 */
export async function checkOutClean(
  { git, mirror, prefix, recorder, signal }: CheckoutDependencies,
  sha: string,
): Promise<AsyncDisposable & { readonly directory: string }> {
  const directory = await mkdtemp(prefix)
  const dispose = (): Promise<void> => rm(directory, { recursive: true, force: true })
  try {
    await recorder.record('target', 'checkout', async () => {
      const run = (args: readonly string[]): Promise<unknown> => git.run({ args, cwd: directory, signal })
      await run(['init', '--quiet', '--template='])
      await run(['fetch', '--quiet', '--no-tags', '--depth=1', mirror.repository.directory, sha])
      await run(['reset', '--quiet', '--hard', sha])
    })
    return { directory, [Symbol.asyncDispose]: dispose }
  } catch (error) {
    await dispose()
    throw error
  }
}

/** Removes checkouts that a killed runner left. Only for whoever holds the workspace. */
export async function removeLeftCheckouts(prefix: string): Promise<void> {
  const folder = dirname(prefix)
  const names = await readdir(folder).catch(() => [])
  for (const name of names)
    if (name.startsWith(basename(prefix))) await rm(join(folder, name), { recursive: true, force: true })
}
