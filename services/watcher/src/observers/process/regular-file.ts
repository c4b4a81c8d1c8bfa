/** Reading files that somebody else writes, and who might have put something else in their place. */
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { RetryableError } from '@orchestrator/shared/core'
import type { z } from 'zod'
import { Turns } from '../../turns.ts'

// A link is not followed, and a pipe does not keep us waiting.
const READ_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

// The process has four threads for this. With thousands of files open at once it would be no faster and keep their memory.
const turns = new Turns(16)

export function isAbsent(error: unknown): boolean {
  return hasErrno(error, 'ENOENT') || hasErrno(error, 'ENOTDIR')
}

/** `undefined` when there is no such file, or something that is none. @throws RetryableError RUNTIME_UNAVAILABLE */
async function withRegularFile<T>(
  path: string,
  use: (file: FileHandle, size: number) => Promise<T>,
): Promise<T | undefined> {
  return await turns.run(async () => await openRegularFile(path, use))
}

async function openRegularFile<T>(
  path: string,
  use: (file: FileHandle, size: number) => Promise<T>,
): Promise<T | undefined> {
  try {
    await using file = await open(path, READ_FLAGS)
    const stat = await file.stat()
    return stat.isFile() ? await use(file, stat.size) : undefined
  } catch (error) {
    if (isAbsent(error) || hasErrno(error, 'ELOOP') || hasErrno(error, 'ENXIO')) return undefined
    throw new RetryableError('RUNTIME_UNAVAILABLE', `cannot read ${path}`, { cause: error })
  }
}

/** At most `maxBytes` from `offset` of what is there now. */
export async function readPart(path: string, offset: number, maxBytes: number): Promise<Buffer | undefined> {
  return await withRegularFile(path, async (file, size) => {
    const buffer = Buffer.allocUnsafe(Math.max(0, Math.min(maxBytes, size - offset)))
    const { bytesRead } = await file.read(buffer, 0, buffer.length, offset)
    return buffer.subarray(0, bytesRead)
  })
}

export async function readSize(path: string): Promise<number | undefined> {
  return await withRegularFile(path, (_file, size) => Promise.resolve(size))
}

/** `undefined` for a file that is absent, longer than `maxBytes`, or of another form: no evidence of anything. */
export async function readDocument<S extends z.ZodType>(
  path: string,
  { schema, maxBytes }: { readonly schema: S; readonly maxBytes: number },
): Promise<{ readonly value: z.output<S>; readonly bytes: Buffer } | undefined> {
  const bytes = await withRegularFile(path, async (file, size) => (size > maxBytes ? undefined : await file.readFile()))
  const parsed = bytes === undefined ? undefined : schema.safeParse(parseJson(bytes))
  return bytes === undefined || parsed?.success !== true ? undefined : { value: parsed.data, bytes }
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch {
    return undefined
  }
}

function hasErrno(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
