import type { IncomingMessage } from 'node:http'

/** A short body. The iterator of a stream would take a third of what a request takes in all. */
export async function textOf(message: IncomingMessage): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const parts: Buffer[] = []
  message
    .on('data', (part: Buffer) => parts.push(part))
    .once('end', () => resolve(Buffer.concat(parts).toString('utf8')))
    .once('error', reject)
  return await promise
}
