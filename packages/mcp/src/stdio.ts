import type { Readable, Writable } from 'node:stream'
import { serveStdio, StdioServerTransport } from '@modelcontextprotocol/server/stdio'
import type { McpDependencies } from './task-api.ts'
import { createTaskServer } from './task-server.ts'

export interface StdioStreams {
  /** Its end is the end of the connection. */
  readonly stdin: Readable
  /** Nothing but the protocol is written here. */
  readonly stdout: Writable
}

/** Serves the tools to the program at the other end of these streams, until it leaves or the signal aborts. */
export async function serveOverStdio(
  dependencies: McpDependencies,
  { stdin, stdout }: StdioStreams,
  signal: AbortSignal,
): Promise<void> {
  const { promise: over, resolve: end } = Promise.withResolvers<void>()
  const onError = (error: Error): void => dependencies.logger.warn({ err: error }, 'not understood')
  const transport = new StdioServerTransport(stdin, stdout)
  const handle = serveStdio(() => createTaskServer(dependencies), { transport, onerror: onError })
  const onEnd = (): void => end()
  stdin.once('end', onEnd).once('close', onEnd)
  signal.addEventListener('abort', onEnd, { once: true })
  if (signal.aborted) end()
  await over
  await handle.close()
}
