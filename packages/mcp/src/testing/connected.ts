/** A client and the tools in one process, over the protocol, against a server that speaks the API. */
import { Client, InMemoryTransport } from '@modelcontextprotocol/client'
import { createClient } from '@orchestrator/client'
import { systemClock } from '@orchestrator/shared/core'
import { z } from 'zod'
import type { McpDependencies } from '../task-api.ts'
import { createTaskServer } from '../task-server.ts'

/** The time that every text is rendered at: half an hour after the fake attempt was submitted. */
const NOW = new Date('2026-11-24T10:30:30.000Z')
const fixedClock = {
  ...systemClock,
  now: () => NOW,
  sleep: async (_ms: number, signal: AbortSignal): Promise<void> => await systemClock.sleep(1, signal),
}

const Answer = z.looseObject({
  content: z.array(z.looseObject({ type: z.string(), text: z.string() })),
  structuredContent: z.exactOptional(z.record(z.string(), z.unknown())),
  isError: z.exactOptional(z.boolean()),
})

export interface Called {
  readonly text: string
  readonly facts: Readonly<Record<string, unknown>> | undefined
  readonly failed: boolean
}

export interface CallOptions {
  readonly signal?: AbortSignal
  readonly onProgress?: (message: string) => void
}

export interface Connected extends AsyncDisposable {
  readonly client: Client
  call(tool: string, given: Readonly<Record<string, unknown>>, options?: CallOptions): Promise<Called>
}

/** The tools' dependencies, with the server at this address. */
export function testDependencies(url: string, change: Partial<McpDependencies> = {}): McpDependencies {
  const [source, startCommand] = ['a test', './orchestrator up']
  return {
    version: '0.0.0',
    command: './orchestrator',
    clock: fixedClock,
    patienceMs: 60_000,
    closing: new AbortController().signal,
    logger: { info: () => undefined, warn: () => undefined },
    connect: async (signal) =>
      await Promise.resolve(createClient({ url, source, token: undefined, door: 'mcp', startCommand, signal })),
    findPlatform: async () => await Promise.resolve(undefined),
    ...change,
  }
}

export async function connectTools(url: string, change: Partial<McpDependencies> = {}): Promise<Connected> {
  const server = createTaskServer(testDependencies(url, change))
  const client = new Client({ name: 'test', version: '0.0.0' })
  const [near, far] = InMemoryTransport.createLinkedPair()
  await Promise.all([server.connect(far), client.connect(near)])
  return {
    client,
    call: async (name, given, { signal, onProgress } = {}) => {
      const answer = await client.callTool(
        { name, arguments: { ...given } },
        {
          ...(signal !== undefined && { signal }),
          ...(onProgress !== undefined && { onprogress: ({ message }) => onProgress(message ?? '') }),
        },
      )
      const { content, structuredContent, isError } = Answer.parse(answer)
      return { text: content.map(({ text }) => text).join('\n'), facts: structuredContent, failed: isError === true }
    },
    [Symbol.asyncDispose]: async () => {
      await client.close()
      await server.close()
    },
  }
}
