import { createWriteStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import type { Redaction } from './redaction.ts'

/** Copies a file of text line by line, secrets taken out; for people, since odd bytes and line ends are not kept. */
export async function redactFile(from: string, to: string, redaction: Redaction): Promise<void> {
  await using file = await open(from)
  const stream = redaction.stream()
  await pipeline(async function* () {
    for await (const line of file.readLines({ autoClose: false })) yield `${stream.line(line, 0).text}\n`
  }, createWriteStream(to))
}
