import type { Writable } from 'node:stream'

/** Once the reader of a stream has taken what was written, or reads no more. */
export async function untilRoom(stream: Writable): Promise<void> {
  if (!stream.writableNeedDrain || stream.destroyed) return
  const { promise, resolve } = Promise.withResolvers<void>()
  stream.on('drain', resolve).on('close', resolve)
  await promise
  stream.off('drain', resolve).off('close', resolve)
}
