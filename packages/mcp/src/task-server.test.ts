import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { createMcpHandler } from '@modelcontextprotocol/server'
import { attemptView, finishedView, startFakeServer } from '@orchestrator/client/testing'
import { expect, it } from 'vitest'
import { createTaskServer } from './task-server.ts'
import { connectTools, testDependencies } from './testing/connected.ts'

const NAME = 'trader-claude-agent-1-task1-attempt1'

it('is the same over HTTP as over streams: tools, progress and resources', async () => {
  let asked = 0
  await using api = await startFakeServer(() => {
    asked += 1
    return { json: asked < 3 ? attemptView() : finishedView() }
  })
  const handler = createMcpHandler(() => createTaskServer(testDependencies(api.url)))
  const transport = new StreamableHTTPClientTransport(new URL('http://127.0.0.1/mcp'), {
    fetch: async (url, init) => await handler.fetch(new Request(url, init)),
  })
  const client = new Client({ name: 'test', version: '0' }, { versionNegotiation: { mode: 'auto' } })
  await client.connect(transport)
  const told: (string | undefined)[] = []
  const onprogress = ({ message }: { message?: string | undefined }): void => void told.push(message)
  const answer = await client.callTool({ name: 'wait_for_task', arguments: { attempt: NAME } }, { onprogress })
  expect(answer).toMatchObject({ structuredContent: { ended: true, attempt: { name: NAME } } })
  expect(told).toEqual([expect.stringContaining('Running'), expect.stringContaining('Succeeded')])

  await using streams = await connectTools(api.url)
  const [overHttp, overStreams] = await Promise.all([client.listTools(), streams.client.listTools()])
  expect(overHttp.tools).toEqual(overStreams.tools)
  const { resourceTemplates } = await client.listResourceTemplates()
  expect(resourceTemplates.length).toBe(2)
  await client.close()
  await handler.close()
})
