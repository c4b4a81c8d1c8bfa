/**
 * Stands in for toolman's client: `node toolman-client-main.ts --working-dir <folder>`. As that one it reads the
 * folder's `client-config.json`, offers those of the remote tools that this names with hyphens rewritten, starts its
 * local servers, and passes calls on to `TOOLMAN_SERVER_URL`; it ends when that cannot be reached.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { ToolChoice } from '@orchestrator/shared/contracts'
import { z } from 'zod'
import { startLocalServer } from './local-server.ts'
import { serveStdio } from './stdio-server.ts'

const { 'working-dir': folder = '.' } = parseArgs({ options: { 'working-dir': { type: 'string' } } }).values
const url = process.env['TOOLMAN_SERVER_URL'] ?? ''
const file = process.env['MCP_CLIENT_CONFIG'] ?? join(folder, 'client-config.json')
const { remoteTools, localServers } = ToolChoice.parse(JSON.parse(readFileSync(file, 'utf8')))

const Listed = z.object({ result: z.object({ tools: z.array(z.object({ name: z.string() })) }) })
const Called = z.object({
  result: z.object({ content: z.array(z.object({ text: z.string() })), isError: z.boolean() }),
})

async function ask(method: string, params: object): Promise<unknown> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-working-directory': folder },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  })
  return await response.json()
}

const there = Listed.parse(await ask('tools/list', {})).result.tools.map(({ name }) => name)
/** Name as the agent sees it → as the server knows it. */
const remote = new Map(
  there.filter((name) => remoteTools.includes(name)).map((name) => [name.replaceAll('-', '_'), name]),
)
const local = await Promise.all(Object.values(localServers).map((server) => startLocalServer(server, folder)))

await serveStdio({
  list: async () => await Promise.resolve([...remote.keys(), ...local.flatMap(({ tools }) => tools)]),
  call: async ({ name, arguments: asked }) => {
    const owner = local.find(({ tools }) => tools.includes(name))
    if (owner !== undefined) return await owner.call({ name, arguments: asked })
    const known = remote.get(name)
    if (known === undefined) return undefined
    const { content, isError } = Called.parse(await ask('tools/call', { name: known, arguments: asked })).result
    return isError ? undefined : (content[0]?.text ?? '')
  },
})
for (const server of local) server.end()
