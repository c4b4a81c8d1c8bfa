import { chmod, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { TerminalError } from '@orchestrator/shared/core'
import { acquireExclusiveLock } from '@orchestrator/shared/process'
import { z } from 'zod'

/** Where a running `up` listens: written to `up.json` in the state directory, for clients on the same machine. */
export const UpFile = z.object({
  v: z.literal(1),
  url: z.url(),
  pid: z.int(),
  /** Where tokens are required: the one for whoever may read this directory. */
  tokenFile: z.exactOptional(z.string()),
})
export type UpFile = z.infer<typeof UpFile>

const UP_FILE = 'up.json'
/** Held by the `up` of a state directory for its life. */
export const UP_LOCK = 'up.lock'

export interface StateDirectory extends AsyncDisposable {
  readonly path: string
  announce(up: UpFile): Promise<void>
}

/**
 * Takes a state directory for one `up`, for as long as the process lives.
 * @throws TerminalError BROKER_DIRECTORY_IN_USE naming where the one that has it listens
 */
export async function takeStateDirectory(path: string): Promise<StateDirectory> {
  await mkdir(path, { recursive: true, mode: 0o700 })
  await chmod(path, 0o700)
  const lock = acquireExclusiveLock(join(path, UP_LOCK))
  if (lock === undefined) throw new TerminalError('BROKER_DIRECTORY_IN_USE', await describeOther(path))
  // Of an `up` that was killed: until this one listens, nobody is told of an address that is no more.
  await rm(join(path, UP_FILE), { force: true })
  return {
    path,
    announce: async (up) => {
      const file = join(path, UP_FILE)
      await writeFile(`${file}.new`, `${JSON.stringify(up)}\n`, { mode: 0o600 })
      await rename(`${file}.new`, file)
    },
    [Symbol.asyncDispose]: async () => {
      await rm(join(path, UP_FILE), { force: true })
      lock[Symbol.dispose]()
    },
  }
}

async function describeOther(path: string): Promise<string> {
  const other = await readUpFile(path)
  const where = other === undefined ? '' : ` listens at ${other.url} (pid ${other.pid}) and`
  return `another "up"${where} has the state directory ${path}: use it, stop it, or choose another with --state-dir`
}

/** What the last `up` announced; `undefined` when there is nothing or nothing readable. */
export async function readUpFile(stateDirectory: string): Promise<UpFile | undefined> {
  try {
    return UpFile.parse(JSON.parse(await readFile(join(stateDirectory, UP_FILE), 'utf8')))
  } catch {
    return undefined
  }
}
