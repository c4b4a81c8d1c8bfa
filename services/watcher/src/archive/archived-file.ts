/** One archived log as a file: gzip of a head line, then the log's lines. */
import type { FileHandle } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { constants, createGzip, gunzipSync } from 'node:zlib'
import { ARCHIVE_HEAD_BYTES, ArchiveHead } from '@orchestrator/shared/contracts'
import type { LogToKeep } from './port.ts'

const CHUNK_CHARACTERS = 64 * 1024

/** The whole text of a small log, or the parts of one that is never in memory as a whole. */
export type ArchiveText =
  | { readonly kind: 'small'; readonly text: string }
  | { readonly kind: 'large'; readonly parts: AsyncIterable<string> }

/** Reads the beginning of a log: all of it, if it is small. */
export async function archiveText(log: LogToKeep): Promise<ArchiveText> {
  const parts = chunks(log)
  const first = await parts.next()
  const second = await parts.next()
  log.signal.throwIfAborted()
  // Streams would cost a small log several times as much.
  if (second.done === true) return { kind: 'small', text: first.value ?? '' }
  return { kind: 'large', parts: joined([first.value ?? '', second.value], parts) }
}

async function* joined(begun: readonly string[], rest: AsyncIterable<string>): AsyncGenerator<string> {
  yield* begun
  yield* rest
}

/** Compressed, into an empty file. */
export async function compress(file: FileHandle, text: AsyncIterable<string>, signal: AbortSignal): Promise<void> {
  const write = async (compressed: AsyncIterable<Buffer>): Promise<void> => {
    // On a handle this goes on where the last one ended.
    for await (const part of compressed) await file.writeFile(part)
  }
  await pipeline(Readable.from(text), createGzip(), write, { signal })
}

/** `undefined` for what is no archived log. */
export async function readArchivedHead(file: FileHandle): Promise<ArchiveHead | undefined> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(ARCHIVE_HEAD_BYTES), 0, ARCHIVE_HEAD_BYTES, 0)
  try {
    // What is left of the file is not wanted: its end need not be there.
    const bytes = gunzipSync(buffer.subarray(0, bytesRead), { finishFlush: constants.Z_SYNC_FLUSH })
    const [line = ''] = bytes.toString('utf8').split('\n', 1)
    return ArchiveHead.safeParse(JSON.parse(line)).data
  } catch {
    return undefined
  }
}

async function* chunks({ attempt, origin, lines }: LogToKeep): AsyncGenerator<string> {
  const { ref, name, submittedId, runtime, location, workloadUid } = attempt
  const head = { v: 1, kind: 'head', name, ...ref, submittedId, runtime, location, workloadUid, origin } as const
  let chunk = `${JSON.stringify(head satisfies ArchiveHead)}\n`
  for await (const line of lines) {
    chunk += `${line}\n`
    if (chunk.length < CHUNK_CHARACTERS) continue
    yield chunk
    chunk = ''
  }
  yield chunk
}
