import { mkdir, realpath } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { conflict, kindOf, statOf } from './folders.ts'

/**
 * The agent's folder inside the repository, created if missing. Links on the way may lead to another place inside.
 * @throws TerminalError WORKSPACE_CONFLICT
 */
export async function ensureWorkingDirectory(repository: string, workingDirectory: string): Promise<string> {
  const top = await realpath(repository)
  let path = top
  for (const part of workingDirectory.split('/').filter((name) => name !== '' && name !== '.')) {
    path = await enter({ top, path: join(path, part), workingDirectory })
  }
  return path
}

async function enter({
  top,
  path,
  workingDirectory,
}: {
  readonly top: string
  readonly path: string
  readonly workingDirectory: string
}): Promise<string> {
  const there = await statOf(path)
  if (there === undefined) {
    await mkdir(path)
    return path
  }
  if (!there.isDirectory() && !there.isSymbolicLink())
    throw conflict(`the working directory "${workingDirectory}" cannot be: ${relative(top, path)} is ${kindOf(there)}`)
  const real = await realpath(path).catch(() => undefined)
  if (real === undefined)
    throw conflict(
      `the working directory "${workingDirectory}" cannot be: ${relative(top, path)} is a link that leads nowhere`,
    )
  if (!isInside(top, real))
    throw conflict(
      `the working directory "${workingDirectory}" leads out of the repository: ${relative(top, path)} points to ${real}`,
    )
  if ((await statOf(real))?.isDirectory() !== true)
    throw conflict(`the working directory "${workingDirectory}" cannot be: ${relative(top, path)} leads to a file`)
  return real
}

function isInside(top: string, path: string): boolean {
  const inside = relative(top, path)
  return inside !== '..' && !inside.startsWith(`..${sep}`) && inside.split(sep)[0] !== '.git'
}
