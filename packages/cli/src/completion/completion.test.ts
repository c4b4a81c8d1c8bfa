import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { attemptView, type FakeServer, startFakeServer } from '@orchestrator/client/testing'
import { temporaryDirectory } from '@orchestrator/testing'
import { describe, expect, it } from 'vitest'
import { findProgram } from '../doctor/machine-checks.ts'
import { run } from '../testing/run.ts'
import { startTerminal } from '../testing/terminal.ts'

const CHECKOUT = fileURLToPath(new URL('../../../../', import.meta.url))
const PATH = process.env['PATH'] ?? ''

/** The values offered for the last of the words; `''` stands for a word that is not begun. */
async function offered(
  words: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<readonly string[]> {
  const { code, out, error } = await run(['complete', '--', ...words], { environment })
  expect({ code, error }).toEqual({ code: 0, error: '' })
  return out
    .split('\n')
    .slice(0, -1)
    .map((line) => line.split('\t')[0] ?? '')
}

async function startServer(names: readonly string[] = ['trader', 'billing']): Promise<FakeServer> {
  return await startFakeServer(({ path }) => ({
    json: {
      tasks: names
        .filter((name) => !path.includes('service=') || path.includes(`service=${name}`))
        .map((service, index) => ({
          service,
          tag: 'master',
          taskId: String(index + 1),
          attempts: 1,
          latest: attemptView({ name: `${service}-a-1-task1-attempt1` }),
        })),
      next: null,
    },
  }))
}

describe('completion', () => {
  it.each<[readonly string[], readonly string[]]>([
    [['ta'], ['task']],
    [
      ['task', 're'],
      ['retry', 'release'],
    ],
    [
      ['task', 'submit', 'trader', '1', '--prompt-m'],
      ['--prompt-modification', '--prompt-mode'],
    ],
    [['--col'], ['--color']],
    [['task', 'list', '--col'], ['--color']],
    [
      ['task', 'list', '--phase', 'S'],
      ['Submitted', 'Starting', 'Succeeded', 'Stopped'],
    ],
    [['task', 'list', '--phase=Fa'], ['--phase=Failed']],
    [['task', 'list', '--phase', '=', 'Fa'], ['Failed']],
    [
      ['task', 'list', '-o', ''],
      ['text', 'json'],
    ],
    [['-o', 'json', 'task', 'li'], ['list']],
    [['tokens', 'create', 'ada', '--scope', 'read', 'a'], ['admin']],
    [
      ['tokens', 'create', 'ada', '--scope', 'read', '--expires', '90d', '--ser'],
      ['--service', '--server'],
    ],
    [
      ['agents', 'install', ''],
      ['claude', 'codex'],
    ],
    [['templates', 'render', '--directory', ''], [':files']],
    [['task', 'submit', 'trader', '1', '--guidance', 'li'], []],
    [['task', 'logs', '--', '-'], []],
    [['nothing', ''], []],
    [['job', 'l'], []],
  ])('offers after %j %j', async (words, values) => {
    expect(await offered(words)).toEqual(values)
  })

  it('offers every command, and nothing that is hidden', async () => {
    const all = await offered([''])
    expect(all).toContain('doctor')
    for (const hidden of ['complete', 'job', 'health']) expect(all).not.toContain(hidden)
    expect(await offered(['task', 'submit', 'trader', '1', '--repo'])).toEqual(['--repository-url'])
  })

  it.each<[readonly string[], readonly string[], string]>([
    [['task', 'submit', ''], ['trader', 'billing'], '/v1/tasks?limit=200'],
    [['task', 'submit', 'billing', ''], ['1'], '/v1/tasks?limit=200&service=billing'],
    [['task', 'logs', 'tr'], ['trader', 'trader-a-1-task1-attempt1'], '/v1/tasks?limit=200'],
    [['task', 'list', '--service', 'b'], ['billing'], '/v1/tasks?limit=200'],
    [['task', 'list', '--service=b'], ['--service=billing'], '/v1/tasks?limit=200'],
    [['task', 'list', '--agent', ''], ['claude-agent-1'], '/v1/tasks?limit=200'],
  ])('offers after %j what the server knows: %j', async (words, values, path) => {
    await using server = await startServer()
    const [first, second, ...rest] = words
    // The address may be on the line that is being typed.
    const line = [first ?? '', second ?? '', '--server', server.url, ...rest]
    expect((await offered(line)).toSorted()).toEqual(values.toSorted())
    expect(server.requests.map((request) => request.path)).toEqual([path])
    expect(await offered(words, { ORCHESTRATOR_URL: server.url })).toHaveLength(values.length)
  })

  it('is silent about a server that is not there, or does not answer, soon', async () => {
    expect(await offered(['task', 'submit', ''])).toEqual([])
    expect(await offered(['task', 'submit', ''], { ORCHESTRATOR_URL: 'http://127.0.0.1:9' })).toEqual([])
    await using mute = createServer((socket) => void socket.resume()).listen(0, '127.0.0.1')
    await once(mute, 'listening')
    const address = mute.address()
    const port = typeof address === 'object' ? address?.port : undefined
    const startedMs = performance.now()
    expect(await offered(['task', 'submit', ''], { ORCHESTRATOR_URL: `http://127.0.0.1:${port}` })).toEqual([])
    expect(performance.now() - startedMs).toBeLessThan(10_000)
  })

  it('never offers a name that a shell would obey', async () => {
    await using server = await startServer(['$(id)', 'a`id`', 'b;id', "c'd", 'e\u001b[31m', 'fine'])
    expect(await offered(['task', 'submit', ''], { ORCHESTRATOR_URL: server.url })).toEqual(['fine'])
  })

  it('refuses a shell that it does not know, and names those it does', async () => {
    const { code, error } = await run(['completion', 'tcsh'])
    expect(code).toBe(2)
    expect(error).toContain('bash, zsh, fish')
  })
})

describe('in a real shell, with the real program', async () => {
  const has = async (name: string): Promise<boolean> =>
    (await findProgram(name, { path: PATH, cwd: '/' })) !== undefined
  const [bash, zsh, fish] = await Promise.all([has('bash'), has('zsh'), has('fish')])
  const shells = [
    {
      shell: 'bash',
      there: bash,
      start: 'bash --norc --noprofile -i',
      load: 'source <(./orchestrator completion bash)',
    },
    {
      shell: 'zsh',
      there: zsh,
      start: 'zsh -f -i',
      load: 'autoload -Uz compinit; compinit -D -u; source <(./orchestrator completion zsh)',
    },
    { shell: 'fish', there: fish, start: 'fish --no-config -i', load: './orchestrator completion fish | source' },
  ]

  for (const { shell, there, start, load } of shells) {
    it.skipIf(!there)(`${shell} completes commands, and names that the server knows`, async () => {
      await using server = await startServer()
      await using home = await temporaryDirectory()
      await using terminal = startTerminal({
        command: start,
        cwd: CHECKOUT,
        environment: {
          PATH,
          HOME: home.path,
          ORCHESTRATOR_URL: server.url,
          PS1: 'ready> ',
          fish_features: 'no-query-term',
        },
      })
      // What is typed is echoed: what is waited for is only ever made by running it.
      terminal.type(
        `${load}; echo is-$((40 + 2))-loaded\r`.replace(
          '$((40 + 2))',
          shell === 'fish' ? '(math 40 + 2)' : '$((40 + 2))',
        ),
      )
      await expect.poll(terminal.shown).toContain('is-42-loaded')
      terminal.type('./orchestrator task subm\t')
      await expect.poll(terminal.shown).toContain('submit')
      terminal.type('bil\t')
      await expect.poll(terminal.shown).toContain('billing')
      expect(server.requests.map(({ path }) => path)).toEqual(['/v1/tasks?limit=200'])
    })
  }

  it.skipIf(!bash)('bash is given nothing to run, wherever the checkout is', async () => {
    const { out } = await run(['completion', 'bash'], {
      environment: { ORCHESTRATOR_COMMAND: "/it's; touch $(x)/orchestrator" },
    })
    execFileSync('bash', ['-n'], { input: out })
    expect(out).toContain(String.raw`'/it'\''s; touch $(x)/orchestrator' complete`)
  })
})
