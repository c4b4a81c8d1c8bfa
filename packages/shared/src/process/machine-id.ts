import { randomUUID } from 'node:crypto'
import { link, mkdir, open, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { TerminalError } from '../core/index.ts'

/** The location of this machine's state directory, as launched attempts name it: made once, whoever comes first. */
export async function readMachineId(stateDirectory: string): Promise<string> {
  const file = machineIdFile(stateDirectory)
  const id = (await readIfThere(file)) ?? (await keepMachineId(stateDirectory, randomUUID()))
  if (id !== '') return id
  throw new TerminalError(
    'CONFIG_INVALID',
    `${file} is empty: restore it, or delete it if nothing was ever started here`,
  )
}

/** What was made or kept before. */
export async function findMachineId(stateDirectory: string): Promise<string | undefined> {
  return await readIfThere(machineIdFile(stateDirectory))
}

/** Makes the state directory the place of this name, unless it has one. @returns the one that it has */
export async function keepMachineId(stateDirectory: string, id: string): Promise<string> {
  const file = machineIdFile(stateDirectory)
  await mkdir(stateDirectory, { recursive: true, mode: 0o700 })
  const aside = `${file}.${randomUUID()}`
  await writeFile(aside, `${id}\n`, { mode: 0o600, flag: 'wx', flush: true })
  // A link is made whole and once: the id of whoever was faster stays.
  await link(aside, file).catch((error: unknown) => {
    if (!hasErrno(error, 'EEXIST')) throw error
  })
  await rm(aside, { force: true })
  // It outlives a power cut, as the events do that name it.
  await using directory = await open(stateDirectory)
  await directory.sync()
  return (await readFile(file, 'utf8')).trim()
}

function machineIdFile(stateDirectory: string): string {
  return join(stateDirectory, 'machine-id')
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return (await readFile(file, 'utf8')).trim()
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return undefined
    throw error
  }
}

function hasErrno(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
