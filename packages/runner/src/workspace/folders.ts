/** Folders and files of the workspace, touched without ever following a link that somebody planted. */
import { type Stats } from 'node:fs'
import { cp, lstat, mkdir, open, readlink, rename, rm, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { RetryableError, TerminalError } from '@orchestrator/shared/core'

/** `undefined` when there is nothing. */
export async function statOf(path: string): Promise<Stats | undefined> {
  return await lstat(path).catch((error: unknown) => {
    if (hasSystemCode(error, 'ENOENT', 'ENOTDIR')) return undefined
    throw error
  })
}

/** @throws TerminalError WORKSPACE_CONFLICT when something else than a real folder has the name */
export async function ensureFolder(path: string): Promise<void> {
  await mkdir(path).catch((error: unknown) => {
    if (!hasSystemCode(error, 'EEXIST')) throw error
  })
  const stat = await lstat(path)
  if (!stat.isDirectory()) throw conflict(`${path} must be a folder, but is ${kindOf(stat)}`, { path })
}

/** Each part below `root` in turn, none of them a link. */
export async function ensureFolders(root: string, relative: string): Promise<string> {
  let path = root
  for (const part of relative.split('/').filter((name) => name !== '' && name !== '.')) {
    path = join(path, part)
    await ensureFolder(path)
  }
  return path
}

export function kindOf(stat: Stats): string {
  if (stat.isSymbolicLink()) return 'a symbolic link'
  if (stat.isDirectory()) return 'a folder'
  return stat.isFile() ? 'a file' : 'a special file'
}

/** Moves, also to another file system. The destination must not exist. */
export async function move(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true })
  await rename(from, to).catch(async (error: unknown) => {
    if (!hasSystemCode(error, 'EXDEV')) throw error
    await cp(from, to, {
      recursive: true,
      verbatimSymlinks: true,
      preserveTimestamps: true,
      errorOnExist: true,
      force: false,
    })
    await rm(from, { recursive: true, force: true })
  })
}

/** A relative link, put in the place of an older one in one step. */
export async function placeLink(path: string, destination: string): Promise<void> {
  const old = await statOf(path)
  if (old?.isSymbolicLink() === true && (await readlink(path)) === destination) return
  if (old !== undefined && !old.isSymbolicLink())
    throw conflict(`${path} must be a link, but is ${kindOf(old)}`, { path })
  const aside = `${path}.new`
  await rm(aside, { force: true })
  await symlink(destination, aside)
  await rename(aside, path)
}

/** A name beside others of the same stem that is still free: `saved`, `saved-2`, … */
export async function freeName(folder: string, stem: string): Promise<string> {
  for (let i = 1; ; i += 1) {
    const path = join(folder, i === 1 ? stem : `${stem}-${i}`)
    if ((await statOf(path)) === undefined) return path
  }
}

export async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, 'r')
  await folder.sync()
}

export function conflict(message: string, details: Readonly<Record<string, unknown>> = {}): TerminalError {
  return new TerminalError('WORKSPACE_CONFLICT', message, { details })
}

/** A full disk says so by a code of ours, whoever met it. */
export async function reportingFullDisk<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    if (!hasSystemCode(cause, 'ENOSPC', 'EDQUOT')) throw cause
    throw new RetryableError('DISK_FULL', 'the disk that holds the workspace is full', { cause })
  }
}

export function hasSystemCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && codes.includes(error.code)
}
