import { finishedView, startFakeServer, submitAnswer } from '@orchestrator/client/testing'
import { describe, expect, it } from 'vitest'
import { type Ran, run } from '../testing/run.ts'
import { EARLIER_COMMANDS, EARLIER_FLAGS } from './table.ts'

interface Asked extends Ran {
  readonly requests: readonly { readonly method: string; readonly path: string; readonly body: unknown }[]
}

/** Runs a command line against a server that accepts all; `URL` in it is its address. */
async function ask(
  line: string,
  environment: Readonly<Record<string, string>> = { ORCHESTRATOR_URL: 'URL' },
): Promise<Asked> {
  await using server = await startFakeServer(({ method, path }) => {
    if (method === 'POST') return { status: 202, json: submitAnswer() }
    if (path.startsWith('/v1/tasks')) return { json: { tasks: [], next: null } }
    if (path.includes('/logs')) return { text: `${JSON.stringify({ kind: 'end', lines: 0, gaps: 0 })}\n` }
    return { json: path.includes('?') ? { attempts: [finishedView()], next: null } : finishedView() }
  })
  const words = line.split(' ').map((word) => word.replace('URL', server.url))
  const variables = Object.entries(environment).map(([name, value]) => [name, value.replace('URL', server.url)])
  const ran = await run(words, { environment: Object.fromEntries(variables) })
  return { ...ran, requests: server.requests }
}

const SUBMIT = { service: 'trader', taskId: '1', tag: 'master' }

describe('flags of earlier users', () => {
  it.each([
    // The mission's own.
    ['task submit trader 1 -w engine', { workingDirectory: 'engine' }],
    ['task submit trader 1 --working-directory engine', { workingDirectory: 'engine' }],
    ['task submit trader 1 --prompt-modification no-curl', { guidance: 'no-curl' }],
    ['task submit trader 1 --prompt-modification x --prompt-mode replace', { guidance: 'x', promptMode: 'replace' }],
    // Of the first program.
    ['task submit 1 --service trader', {}],
    ['task submit 1 -s trader', {}],
    ['task submit trader 1 -s trader', {}],
    ['task submit 1 -s trader --agent a-1', { agent: 'a-1' }],
    ['task submit 1 -s trader -a a-1', { agent: 'a-1' }],
    ['task submit 1 -s trader --repo https://github.com/o/t', { repositoryUrl: 'https://github.com/o/t' }],
    ['task submit 1 -s trader -r https://github.com/o/t', { repositoryUrl: 'https://github.com/o/t' }],
    ['task submit 1 -s trader --branch dev', { branch: 'dev' }],
    ['task submit 1 -s trader -b dev', { branch: 'dev' }],
    ['task submit 1 -s trader --github-user ada', { githubUser: 'ada' }],
    ['task submit 1 -s trader --model opus', { model: 'opus' }],
    ['task submit 1 -s trader -m opus', { model: 'opus' }],
    [
      'task submit-advanced --service-name trader --task-id 1 --agent-name a-1 -m opus',
      { agent: 'a-1', model: 'opus' },
    ],
    // Of the later one.
    ['task code 1 --service trader --repository-url https://h/t', { repositoryUrl: 'https://h/t' }],
    ['task code 1 -s trader --docs-repository-url https://h/d', { platformRepositoryUrl: 'https://h/d' }],
    ['task code 1 -s trader --docs-repository-url https://h/d --docs-branch d', { platformBranch: 'd' }],
    ['task code -s trader --platform-repository-url https://h/d 1', { platformRepositoryUrl: 'https://h/d' }],
    [
      'task code 1 -s trader -w engine --github-user ada --model opus',
      { workingDirectory: 'engine', githubUser: 'ada' },
    ],
    ['task code 1 -s trader --prompt-modification x', { guidance: 'x' }],
    // Before the command.
    ['--api-url URL task submit trader 1', {}],
    ['--api-url URL/api/v1 task submit trader 1', {}],
    ['task submit trader 1 --api-url URL', {}],
    ['--no-color task submit trader 1', {}],
    ['task --no-color submit trader 1', {}],
  ])('%s is understood', async (line, body) => {
    const { code, requests } = await ask(line)
    expect({ code, method: requests[0]?.method, path: requests[0]?.path }).toEqual({
      code: 0,
      method: 'POST',
      path: '/v1/tasks',
    })
    expect(requests[0]?.body).toMatchObject({ ...SUBMIT, ...body })
  })

  it('takes the guidance from the file of --prompt', async () => {
    const { code, error } = await ask(
      'task submit-advanced --service-name trader --task-id 1 --prompt /nonexistent/prompt.md',
    )
    expect(code).toBe(2)
    expect(error).toContain('--guidance-file "/nonexistent/prompt.md" cannot be read')
  })

  it.each([
    ['task list --service trader', '/v1/tasks?service=trader&limit=20'],
    ['task list -s trader', '/v1/tasks?service=trader&limit=20'],
    ['task list --status failed', '/v1/tasks?phase=Failed&limit=20'],
    ['job list --microservice trader --status Running', '/v1/tasks?service=trader&phase=Running&limit=20'],
    ['job get --id trader-claude-agent-1-task1-attempt1', '/v1/attempts/trader-claude-agent-1-task1-attempt1'],
    ['job logs --id trader-claude-agent-1-task1-attempt1', '/v1/attempts/trader-claude-agent-1-task1-attempt1'],
    ['job logs -f --id=trader-claude-agent-1-task1-attempt1', '/v1/attempts/trader-claude-agent-1-task1-attempt1'],
    ['task status trader', '/v1/attempts?service=trader&limit=1'],
  ])('%s asks for %s', async (line, path) => {
    const { code, requests } = await ask(line)
    expect({ code, path: requests[0]?.path }).toEqual({ code: 0, path })
  })

  it('finds the server by the earlier variable, after today’s', async () => {
    const found = await ask('task list', { ORCHESTRATOR_API_URL: 'URL/api/v1' })
    expect({ code: found.code, asked: found.requests.length }).toEqual({ code: 0, asked: 1 })
    const both = await ask('task list', { ORCHESTRATOR_URL: 'URL', ORCHESTRATOR_API_URL: 'http://127.0.0.1:9' })
    expect({ code: both.code, asked: both.requests.length }).toEqual({ code: 0, asked: 1 })
  })

  it.each([
    ['--output table task list', 'No tasks'],
    ['-o table task list', 'No tasks'],
    ['task list -o table', 'No tasks'],
    ['-o json task list', '{"tasks":[],"next":null}'],
    ['task -o json list', '{"tasks":[],"next":null}'],
    ['-o table task list -o json', '{"tasks":[],"next":null}'],
    ['-o json job list', '{"tasks":[],"next":null}'],
    ['task list -o yaml', '{"tasks":[],"next":null}'],
  ])('%s answers in the format that is meant', async (line, text) => {
    const { code, out } = await ask(line)
    expect(code).toBe(0)
    expect(out).toContain(text)
  })

  const ignored = EARLIER_FLAGS.flatMap(({ path, flags }) =>
    flags.filter(({ instead }) => instead !== undefined).map((flag) => ({ path, ...flag })),
  )
  it.each(
    ignored.flatMap(({ path, flags, instead }) =>
      flags
        .replace(/ ?<.*/, '')
        .split(', ')
        .map((name) => [
          `${[...path, ...(path.length === 0 ? ['task', 'list'] : ['trader', '1'])].join(' ')} ${name}${flags.includes('<') ? ' x' : ''}`,
          instead ?? '',
        ]),
    ),
  )('%s goes on, and says what to use instead', async (line, instead) => {
    const { code, error, requests } = await ask(line)
    expect({ code, asked: requests.length }).toEqual({ code: 0, asked: 1 })
    expect(error).toMatch(/^--[a-z-]+ has no meaning any more and is ignored: /)
    expect(error).toContain(instead)
  })

  it.each(
    EARLIER_COMMANDS.filter(({ now }) => now === undefined).map(({ path, instead }) => [path.join(' '), instead ?? '']),
  )('%s is refused with what to do instead, whatever follows', async (line, instead) => {
    const { code, error, requests } = await ask(`${line} 1 --file x -f --model opus`)
    expect({ code, asked: requests.length }).toEqual({ code: 2, asked: 0 })
    expect(error).toContain(instead)
  })

  it.each([
    [
      'task submit trader 1 --repo https://h/a --repository-url https://h/b',
      '--repo is the earlier name of --repository-url: give one',
    ],
    ['task submit other 1 -s trader', 'are two services'],
    ['task submit 1', "missing required argument 'taskId'"],
    ['task list --status late', '--status "late" is no phase: use one of'],
    ['task code 1', '--service is required'],
    ['task list -o xml', 'Allowed choices are text, json'],
    ['templates lint --api-url http://h', '--api-url means --server, which this command does not take'],
  ])('%s is refused', async (line, text) => {
    const { code, error, requests } = await ask(line)
    expect({ code, asked: requests.length }).toEqual({ code: 2, asked: 0 })
    expect(error).toContain(text)
  })

  it.each(['task submit', 'task list', 'task'])('the help of %s shows none of them', async (line) => {
    const { out } = await ask(`${line} --help`)
    expect(out).not.toMatch(/--repo |--taskmaster-dir|--api-url|--verbose|--microservice|add-context|submit-advanced/)
  })

  it('goes from before an earlier command to today’s, once', async () => {
    const { code, error, requests } = await ask('--api-url URL/api/v1 -v job list --status Failed', {})
    expect({ code, path: requests[0]?.path }).toEqual({ code: 0, path: expect.stringContaining('phase=Failed') })
    expect(error.match(/--verbose has no meaning/g)).toHaveLength(1)
  })

  it('health is doctor', async () => {
    const { error, out } = await ask('health -o json')
    expect(error).toContain('"health" is "doctor" now.')
    expect(out).toContain('"check":"Server"')
  })
})
