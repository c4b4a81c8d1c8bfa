import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { temporaryDirectory } from '@orchestrator/testing'
import { describe, expect, it } from 'vitest'
import { CliEnvironment, readEnvironment } from './config.ts'
import { type Discovery, findServer } from './discover.ts'
import { statePath } from './state-path.ts'

const discovery = (change: Partial<Discovery> & { readonly variables?: Record<string, string> } = {}): Discovery => ({
  server: undefined,
  stateDirectory: undefined,
  environment: CliEnvironment.parse({ HOME: '/nonexistent', ...change.variables }),
  cwd: '/nonexistent',
  ...change,
})

describe('the server', () => {
  it('is the one that is named, before anything else', async () => {
    const variables = { ORCHESTRATOR_URL: 'http://127.0.0.1:2' }
    const found = await findServer(discovery({ server: 'http://127.0.0.1:1', variables }))
    expect(found).toEqual({ url: 'http://127.0.0.1:1', source: '--server' })
    expect((await findServer(discovery({ variables }))).url).toBe('http://127.0.0.1:2')
  })

  it('is what "up" announced in the state directory', async () => {
    await using directory = await temporaryDirectory()
    await writeFile(join(directory.path, 'up.json'), JSON.stringify({ v: 1, url: 'http://127.0.0.1:3', pid: 1 }))
    const variables = { ORCHESTRATOR_STATE_DIR: directory.path }
    expect((await findServer(discovery({ variables }))).url).toBe('http://127.0.0.1:3')
    // A directory that is named for this call says which server is meant.
    const named = discovery({ stateDirectory: directory.path, variables: { ORCHESTRATOR_URL: 'http://127.0.0.1:2' } })
    expect((await findServer(named)).url).toBe('http://127.0.0.1:3')
  })

  it('is missed with a remedy that uses the name people call us by', async () => {
    const missing = findServer(discovery({ variables: { ORCHESTRATOR_COMMAND: './orchestrator' } }))
    await expect(missing).rejects.toMatchObject({
      code: 'SERVER_UNREACHABLE',
      message: expect.stringContaining('"./orchestrator up"'),
    })
  })

  it.each(['localhost:80', 'ftp://x', 'not a url'])('is not looked for at %j', async (server) => {
    await expect(findServer(discovery({ server }))).rejects.toMatchObject({ code: 'INPUT_INVALID' })
  })
})

describe('the state directory', () => {
  it.each([
    [{ given: 'here' }, '/place/here'],
    [{ ORCHESTRATOR_STATE_DIR: '/state' }, '/state'],
    [{ XDG_STATE_HOME: '/xdg' }, '/xdg/orchestrator'],
    [{ XDG_STATE_HOME: 'relative' }, '/home/ada/.local/state/orchestrator'],
    [{}, '/home/ada/.local/state/orchestrator'],
  ])('of %j is %s', (settings: { given?: string; ORCHESTRATOR_STATE_DIR?: string; XDG_STATE_HOME?: string }, path) => {
    const { given, ...variables } = settings
    expect(
      statePath({ given, environment: CliEnvironment.parse({ HOME: '/home/ada', ...variables }), cwd: '/place' }),
    ).toBe(path)
  })
})

it('names a variable that makes no sense', () => {
  expect(() => readEnvironment({ ORCHESTRATOR_URL: 'here' })).toThrow('ORCHESTRATOR_URL="here": use http://host:port')
  expect(readEnvironment({ ORCHESTRATOR_URL: '' }).ORCHESTRATOR_URL).toBeUndefined()
})
