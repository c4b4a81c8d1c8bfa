import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { Client } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { attemptView, type Respond, startFakeServer, submitAnswer } from '@orchestrator/client/testing'
import { temporaryDirectory } from '@orchestrator/testing'
import { describe, expect, it } from 'vitest'
import { run } from '../testing/run.ts'

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url))
const NAME = 'trader-claude-agent-1-task1-attempt1'
const ENVIRONMENT = { PATH: process.env['PATH'] ?? '', HOME: '/nonexistent' }

const respond: Respond = ({ method, path }) => {
  if (method === 'POST') return { status: 202, json: submitAnswer() }
  return { json: path.startsWith('/v1/attempts/') ? attemptView() : { attempts: [attemptView()], next: null } }
}

interface Connection extends AsyncDisposable {
  readonly client: Client
  readonly call: (name: string, given: Readonly<Record<string, unknown>>) => Promise<string>
}

async function connect(args: readonly string[], mode: 'auto' | 'legacy' = 'auto'): Promise<Connection> {
  const client = new Client({ name: 'test', version: '0' }, { versionNegotiation: { mode } })
  const server = { command: process.execPath, args: [MAIN, 'mcp', ...args], env: ENVIRONMENT }
  await client.connect(new StdioClientTransport({ ...server, stderr: 'pipe' }))
  return {
    client,
    call: async (name, given) => JSON.stringify(await client.callTool({ name, arguments: given })),
    [Symbol.asyncDispose]: async () => client.close(),
  }
}

/** The program with its bare streams. */
function start(...args: readonly string[]): ChildProcessWithoutNullStreams {
  return spawn(process.execPath, [MAIN, 'mcp', ...args], { env: ENVIRONMENT, stdio: ['pipe', 'pipe', 'pipe'] })
}

const line = (id: number, method: string, params: unknown): string =>
  `${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`
const HELLO = line(1, 'initialize', {
  protocolVersion: '2025-06-18',
  capabilities: {},
  clientInfo: { name: 'test', version: '0' },
})

describe('mcp', () => {
  it.each(['auto', 'legacy'] as const)('serves a client of the protocol, old and new (%s)', async (mode) => {
    await using server = await startFakeServer(respond)
    await using connection = await connect(['--server', server.url], mode)
    const { client, call } = connection
    expect(client.getServerVersion()).toMatchObject({ name: 'orchestrator', title: 'Orchestrator' })
    expect(client.getInstructions()).toContain('submit_implementation_task')
    await expect(call('submit_implementation_task', { service: 'trader', task_id: 1 })).resolves.toContain(
      'Task 1 of trader submitted.',
    )
    expect(server.requests[0]?.headers).toMatchObject({ 'x-orchestrator-door': 'mcp' })
  })

  it('sends the token of a file, as it is at each call', async () => {
    await using server = await startFakeServer(respond)
    await using directory = await temporaryDirectory()
    const file = join(directory.path, 'token')
    await writeFile(file, 'orc_first\n')
    await using connection = await connect(['--server', server.url, '--token-file', file])
    await connection.call('list_tasks', {})
    await writeFile(file, 'orc_second\n')
    await connection.call('list_tasks', {})
    const sent = server.requests.map(({ headers }) => headers.authorization)
    expect([sent[0], sent.at(-1)]).toEqual(['Bearer orc_first', 'Bearer orc_second'])
  })

  it('says how to start a server where none is, and finds the one that comes', async () => {
    await using directory = await temporaryDirectory()
    await using connection = await connect(['--state-dir', directory.path])
    const first = await connection.call('list_tasks', {})
    expect(first).toContain('"isError":true')
    expect(first).toContain(String.raw`start one with \"ORCHESTRATOR_STATE_DIR=${directory.path} /`)
    await using server = await startFakeServer(respond)
    const up = { v: 1, url: server.url, pid: process.pid }
    await writeFile(join(directory.path, 'up.json'), JSON.stringify(up))
    await expect(connection.call('get_task_status', { service: 'trader' })).resolves.toContain('implementing')
  })

  it('writes nothing but the protocol to standard output, and goes on after a line that is none', async () => {
    const program = start('--server', 'http://127.0.0.1:1', '--log-level', 'debug')
    const output = Promise.all([text(program.stdout), text(program.stderr), once(program, 'close')])
    let seen = ''
    program.stdout.on('data', (data: Buffer) => (seen += data.toString()))
    program.stdin.write(`${HELLO}this is none\n`)
    program.stdin.write(line(2, 'tools/call', { name: 'list_tasks', arguments: {} }))
    await expect.poll(() => seen).toContain('"id":2')
    program.stdin.end()
    const [out, error, [code]] = await output
    expect(code).toBe(0)
    const answers = out
      .trim()
      .split('\n')
      .map((json) => JSON.parse(json) as unknown)
    expect(answers).toMatchObject([{ id: 1 }, { id: 2, result: { isError: true } }])
    expect(error).toContain('tool called')
  })

  it.each([
    ['SIGTERM', (program) => void program.kill('SIGTERM')],
    ['SIGINT', (program) => void program.kill('SIGINT')],
    ['the end of its input', (program) => void program.stdin.end()],
  ] as const satisfies readonly (readonly [string, (program: ChildProcessWithoutNullStreams) => void])[])(
    'ends at %s although somebody waits',
    async (_case, end) => {
      await using server = await startFakeServer(respond)
      const program = start('--server', server.url)
      const closed = once(program, 'close')
      program.stdin.write(HELLO)
      program.stdin.write(line(2, 'tools/call', { name: 'wait_for_task', arguments: { attempt: NAME } }))
      await expect.poll(() => server.requests.length).toBeGreaterThan(1)
      end(program)
      expect((await closed)[0]).toBe(0)
    },
  )

  it('shows in its help how clients are told about it', async () => {
    const { code, out } = await run(['mcp', '--help'], { cwd: '/here', environment: { ORCHESTRATOR_COMMAND: './orc' } })
    expect(code).toBe(0)
    expect(out).toContain('claude mcp add orchestrator -- /here/orc mcp\n')
    expect(out).toContain('{"mcpServers":{"orchestrator":{"command":"/here/orc","args":["mcp"]}}}')
  })
})
