import { attemptView, finishedView, problem, type Respond, startFakeServer } from '@orchestrator/client/testing'
import { describe, expect, it } from 'vitest'
import { connectTools } from './testing/connected.ts'

const RUNNING = 'trader-claude-agent-1-task1-attempt2'
const ENDED = 'trader-claude-agent-1-task1-attempt1'
const HOSTILE = 'see \u001B[2Jhere'

const respond: Respond = ({ path }) => {
  if (path.startsWith('/v1/attempts?'))
    return { json: { attempts: [attemptView({ name: RUNNING, n: 2 }), finishedView()], next: null } }
  if (path.startsWith(`/v1/attempts/${ENDED}/logs`))
    return { text: `{"seq":1,"time":"2026-11-24T10:00:31.000Z","kind":"text","text":${JSON.stringify(HOSTILE)}}\n` }
  if (path === `/v1/attempts/${ENDED}`) return { json: finishedView({ lastText: HOSTILE }) }
  return problem(404, 'there is no such attempt', { code: 'NOT_FOUND' })
}

const uris = (resources: readonly { readonly uri: string }[]): readonly string[] => resources.map(({ uri }) => uri)

describe('resources', () => {
  it('are the logs of recent attempts, and the results of those that have ended', async () => {
    await using server = await startFakeServer(respond)
    await using tools = await connectTools(server.url)
    const { resourceTemplates } = await tools.client.listResourceTemplates()
    expect(resourceTemplates.map(({ uriTemplate }) => uriTemplate)).toEqual([
      'orchestrator://attempts/{attempt}/log',
      'orchestrator://attempts/{attempt}/result',
    ])
    const { resources } = await tools.client.listResources()
    expect(uris(resources)).toEqual([
      `orchestrator://attempts/${RUNNING}/log`,
      `orchestrator://attempts/${ENDED}/log`,
      `orchestrator://attempts/${ENDED}/result`,
    ])
    expect(resources[2]?.title).toBe(`Result of ${ENDED} (Succeeded)`)
  })

  it('read a log as people read it, and a result as text and as facts, with nothing that a terminal obeys', async () => {
    await using server = await startFakeServer(respond)
    await using tools = await connectTools(server.url)
    const log = await tools.client.readResource({ uri: `orchestrator://attempts/${ENDED}/log` })
    expect(log.contents).toMatchObject([
      { mimeType: 'text/plain', text: expect.stringContaining(String.raw`> see \x1b[2Jhere`) },
    ])
    const result = await tools.client.readResource({ uri: `orchestrator://attempts/${ENDED}/result` })
    expect(result.contents).toMatchObject([
      { mimeType: 'text/plain', text: expect.stringContaining('yes, by gates') },
      { mimeType: 'application/json', text: expect.stringContaining('"phase": "Succeeded"') },
    ])
    expect(JSON.stringify([log, result])).not.toContain(String.raw`\u001b`)
  })

  it('complete the name of an attempt', async () => {
    await using server = await startFakeServer(respond)
    await using tools = await connectTools(server.url)
    const { completion } = await tools.client.complete({
      ref: { type: 'ref/resource', uri: 'orchestrator://attempts/{attempt}/log' },
      argument: { name: 'attempt', value: 'trader-claude-agent-1-task1-attempt2' },
    })
    expect(completion.values).toEqual([RUNNING])
  })

  it('that are not there are named as such', async () => {
    await using server = await startFakeServer(respond)
    await using tools = await connectTools(server.url)
    await expect(tools.client.readResource({ uri: 'orchestrator://attempts/nobody/log' })).rejects.toThrow(
      'there is no such attempt',
    )
  })

  it('are none as long as no server is there, which is logged', async () => {
    const gone = await startFakeServer(respond)
    await gone[Symbol.asyncDispose]()
    const logged: unknown[] = []
    const logger = { info: () => undefined, warn: (fields: unknown) => void logged.push(fields) }
    await using tools = await connectTools(gone.url, { logger })
    const { resources } = await tools.client.listResources()
    expect(resources).toEqual([])
    expect(JSON.stringify(logged)).toContain('does not answer')
  })
})
