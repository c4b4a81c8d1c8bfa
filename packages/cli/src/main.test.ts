import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { attemptView, startFakeServer } from '@orchestrator/client/testing'
import { describe, expect, it } from 'vitest'

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url))
const NAME = 'trader-claude-agent-1-task1-attempt1'

function start(args: readonly string[]): ChildProcess {
  const env = { PATH: process.env['PATH'], HOME: '/nonexistent' }
  return spawn(process.execPath, [MAIN, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] })
}

async function end(program: ChildProcess): Promise<{ code: unknown; out: string; error: string }> {
  const { stdout, stderr } = program
  if (stdout === null || stderr === null) throw new Error('no streams')
  const [[code], out, error] = await Promise.all([once(program, 'close'), text(stdout), text(stderr)])
  return { code, out, error }
}

describe('the program', () => {
  it('documents its exit codes in the help', async () => {
    const { code, out, error } = await end(start(['--help']))
    expect({ code, error }).toEqual({ code: 0, error: '' })
    expect(out).toContain('Exit codes:')
  })

  it.each([[[]], [['task']], [['task', 'frobnicate']], [['task', 'submit', 'trader']]])(
    'ends %j with 2',
    async (args) => {
      expect((await end(start(args))).code).toBe(2)
    },
  )

  it('says how to start a server where none is', async () => {
    const { code, error } = await end(start(['task', 'status', 'trader', '--server', 'http://127.0.0.1:9']))
    expect(code).toBe(3)
    expect(error).toContain('"orchestrator up"')
  })

  it('stops watching at Ctrl-C, and leaves the attempt running', async () => {
    await using server = await startFakeServer(({ path }) => ({
      json: path.includes('?') ? { attempts: [attemptView()], next: null } : attemptView(),
    }))
    const program = start(['task', 'wait', 'trader', '--server', server.url])
    const ended = end(program)
    await expect.poll(() => server.requests.length, { timeout: 20_000 }).toBeGreaterThan(1)
    program.kill('SIGINT')
    const { code, error } = await ended
    expect(code).toBe(130)
    expect(error).toContain(`${NAME} goes on`)
    expect(server.requests.every(({ method }) => method === 'GET')).toBe(true)
  })

  it('ends quietly when nobody reads on', async () => {
    const line = `${JSON.stringify({ seq: 1, time: '2026-11-24T10:00:00.000Z', kind: 'text', text: 'x'.repeat(1_000) })}\n`
    await using server = await startFakeServer(({ path }) =>
      path.includes('/logs') ? { text: line.repeat(5_000) } : { json: attemptView() },
    )
    const program = start(['task', 'logs', NAME, '--server', server.url])
    program.stdout?.once('data', () => program.stdout?.destroy())
    const [code] = await once(program, 'exit')
    expect(code).toBe(0)
    expect(await text(program.stderr ?? process.stdin)).toBe('')
  })

  it('names a variable that is wrong', async () => {
    const program = spawn(process.execPath, [MAIN, 'task', 'list'], {
      env: { ORCHESTRATOR_URL: 'here' },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const { code, error } = await end(program)
    expect(code).toBe(2)
    expect(error).toContain('ORCHESTRATOR_URL="here": use http://host:port')
  })
})
