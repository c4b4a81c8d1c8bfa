import { randomUUID } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { TerminalError } from '@orchestrator/shared/core'
import { writeOnce } from './launch-folder.ts'

/** The location of this machine's state directory: made once, whoever comes first. */
export async function readMachineId(stateDirectory: string): Promise<string> {
  const file = join(stateDirectory, 'machine-id')
  await mkdir(stateDirectory, { recursive: true, mode: 0o700 })
  await writeOnce(file, `${randomUUID()}\n`)
  const id = (await readFile(file, 'utf8')).trim()
  if (id !== '') return id
  throw new TerminalError(
    'CONFIG_INVALID',
    `${file} is empty: restore it, or delete it if nothing was ever started here`,
  )
}
