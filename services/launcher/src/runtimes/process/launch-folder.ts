/** The launch folder of one attempt on this machine: how it is written so that nobody sees a half, and read. */
import { randomUUID } from 'node:crypto'
import { link, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  ATTEMPT_FILE,
  AttemptFile,
  GO_FILE,
  GoFile,
  HeldFile,
  STOP_FILE,
  type StopFile,
} from '@orchestrator/shared/contracts'
import { RetryableError } from '@orchestrator/shared/core'
import { errorsFolder, heldFile, heldFolder, linesFolder, textsFolder } from '@orchestrator/shared/process'
import type { z } from 'zod'
import type { LaunchOrder, StopOrder } from '../port.ts'

/** Files first, the order last: who sees the order sees everything. */
export async function writeOrder(folder: string, { attempt, texts }: LaunchOrder): Promise<void> {
  for (const part of [textsFolder, heldFolder, linesFolder, errorsFolder]) {
    await mkdir(part(folder), { recursive: true, mode: 0o700 })
  }
  for (const [name, text] of Object.entries(texts)) await writeWhole(join(textsFolder(folder), name), text)
  await writeWhole(join(folder, ATTEMPT_FILE), JSON.stringify(attempt, null, 2))
}

export async function readOrder(folder: string): Promise<AttemptFile | undefined> {
  return await readJson(join(folder, ATTEMPT_FILE), AttemptFile)
}

export async function readHeld(folder: string, spawn: string): Promise<HeldFile | undefined> {
  return await readJson(heldFile(folder, spawn), HeldFile)
}

/** All that ever were held, in the order of their spawn ids. */
export async function listHeld(folder: string): Promise<readonly HeldFile[]> {
  const names = await readdir(heldFolder(folder)).catch(ignoreAbsence([]))
  const spawns = names.filter((name) => name.endsWith('.json') && !name.startsWith('.')).toSorted()
  const held = await Promise.all(spawns.map((name) => readHeld(folder, name.slice(0, -'.json'.length))))
  return held.filter((file) => file !== undefined)
}

export async function readGo(folder: string): Promise<GoFile | undefined> {
  return await readJson(join(folder, GO_FILE), GoFile)
}

/** The first `go` counts for ever. @throws RetryableError RUNTIME_UNAVAILABLE when it names another workload */
export async function writeGo(folder: string, workloadUid: string): Promise<void> {
  const go: GoFile = { v: 1, workloadUid }
  await writeOnce(join(folder, GO_FILE), JSON.stringify(go))
  const written = await readGo(folder)
  if (written?.workloadUid === workloadUid) return
  throw new RetryableError('RUNTIME_UNAVAILABLE', 'another workload of the attempt was let go', { details: { folder } })
}

export async function writeStop(
  folder: string,
  { requestedBy, cause }: Pick<StopOrder, 'requestedBy' | 'cause'>,
): Promise<void> {
  const stop: StopFile = { v: 1, requestedBy, ...(cause === 'deadline' && { cause }) }
  await writeOnce(join(folder, STOP_FILE), JSON.stringify(stop))
}

async function writeWhole(path: string, text: string): Promise<void> {
  const aside = `${path}.${randomUUID()}`
  await writeFile(aside, text, { mode: 0o600, flag: 'wx' })
  await rename(aside, path)
}

/** Creates the file whole; one that is there stays as it is. */
async function writeOnce(path: string, text: string): Promise<void> {
  const aside = `${path}.${randomUUID()}`
  await writeFile(aside, text, { mode: 0o600, flag: 'wx' })
  try {
    await link(aside, path)
  } catch (error) {
    if (!hasErrno(error, 'EEXIST')) throw error
  } finally {
    await rm(aside, { force: true })
  }
}

/** `undefined` for a file that is absent or not what it should be: nobody of ours wrote that. */
async function readJson<S extends z.ZodType>(path: string, schema: S): Promise<z.output<S> | undefined> {
  const text = await readFile(path, 'utf8').catch(ignoreAbsence(undefined))
  if (text === undefined) return undefined
  try {
    return schema.parse(JSON.parse(text))
  } catch {
    return undefined
  }
}

export function ignoreAbsence<T>(instead: T): (error: unknown) => T {
  return (error) => {
    if (hasErrno(error, 'ENOENT')) return instead
    throw error
  }
}

function hasErrno(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
