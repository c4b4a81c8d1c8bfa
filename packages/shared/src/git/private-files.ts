import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Files for one call, which nobody else may read: in memory where the machine has such a place. */
export interface PrivateFiles extends AsyncDisposable {
  /** Returns its path. */
  write(name: string, text: string): Promise<string>
}

const IN_MEMORY = '/dev/shm'
const PREFIX = 'orchestrator-git-'

export async function openPrivateFiles(): Promise<PrivateFiles> {
  const directory = await mkdtemp(join(IN_MEMORY, `${PREFIX}${process.pid}-`)).catch(async () =>
    mkdtemp(join(tmpdir(), `${PREFIX}${process.pid}-`)),
  )
  return {
    write: async (name, text) => {
      const path = join(directory, name)
      await writeFile(path, text, { mode: 0o600, flag: 'wx' })
      return path
    },
    [Symbol.asyncDispose]: async () => rm(directory, { recursive: true, force: true }),
  }
}

/** Of processes that were killed in the middle of a call. */
export async function removeLeftPrivateFiles(): Promise<void> {
  for (const place of new Set([IN_MEMORY, tmpdir()])) {
    const names = await readdir(place).catch(() => [])
    for (const name of names) {
      const pid = new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1]
      // Those of others cannot be removed, and need not be.
      if (pid !== undefined && !isAlive(Number(pid)))
        await rm(join(place, name), { recursive: true, force: true }).catch(() => undefined)
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
