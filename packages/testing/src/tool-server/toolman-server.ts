import { createServer } from 'node:http'
import { json } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { answerTo, type Message, type ToolCall } from './stdio-server.ts'

/** Stands in for a toolman server: what it offers over HTTP, and what was asked of it. */
export interface ToolmanServer extends AsyncDisposable {
  readonly url: string
  /** Its client, as the settings name it. */
  readonly client: readonly string[]
  readonly calls: readonly (ToolCall & { readonly workingDirectory: string })[]
}

const Request = z.object({
  id: z.number(),
  method: z.string(),
  params: z.record(z.string(), z.unknown()).default({}),
}) satisfies z.ZodType<Message>

/** @param tools name → what it answers */
export async function startToolmanServer(tools: Readonly<Record<string, string>>): Promise<ToolmanServer> {
  const calls: (ToolCall & { readonly workingDirectory: string })[] = []
  const server = createServer((request, response) => {
    const workingDirectory = String(request.headers['x-working-directory'])
    const answer = async (): Promise<void> => {
      const handlers = {
        list: async () => await Promise.resolve(Object.keys(tools)),
        call: async (call: ToolCall) => {
          calls.push({ ...call, workingDirectory })
          return await Promise.resolve(tools[call.name])
        },
      }
      response.end(JSON.stringify(await answerTo(Request.parse(await json(request)), handlers)))
    }
    answer().catch(() => response.destroy())
  })
  const listening = Promise.withResolvers<void>()
  server.once('error', listening.reject).listen(0, '127.0.0.1', listening.resolve)
  await listening.promise
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    url: `http://127.0.0.1:${port}/mcp`,
    client: [process.execPath, fileURLToPath(new URL('toolman-client-main.ts', import.meta.url))],
    calls,
    [Symbol.asyncDispose]: async () => {
      const closed = Promise.withResolvers<void>()
      server.close(() => closed.resolve())
      server.closeAllConnections()
      await closed.promise
    },
  }
}

/** A tool server over standard input and output, as a `client-config.json` names it. */
export function toolServerCommand(...tools: readonly string[]): { readonly command: string; readonly args: string[] } {
  return { command: process.execPath, args: [fileURLToPath(new URL('main.ts', import.meta.url)), ...tools] }
}
