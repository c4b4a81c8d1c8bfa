import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { temporaryDirectory } from '@orchestrator/testing'
import { describe, expect, it } from 'vitest'
import { run } from '../testing/run.ts'

const GOOD = `services:
  trader: { repositoryUrl: git@github.com:myorg/trader.git, agent: a-1 }
agents:
  a-1: { adapter: command, command: [run] }
`
const BAD = 'caps:\n  global: 0\nservices:\n  trader:\n    agnt: a-1\n'

async function withFile(text: string): Promise<AsyncDisposable & { readonly cwd: string }> {
  const directory = await temporaryDirectory()
  await writeFile(join(directory.path, 'o.yaml'), text)
  return { cwd: directory.path, [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose]() }
}

describe('config check', () => {
  it('says what a valid file has, and how to try what it names', async () => {
    await using file = await withFile(GOOD)
    const { code, out } = await run(['config', 'check', 'o.yaml'], { cwd: file.cwd })
    expect(code).toBe(0)
    expect(out).toMatchInlineSnapshot(`
      "o.yaml is valid.
        services  trader
        agents    a-1
        webhooks  none
      Whether what it names is there: orchestrator doctor --config o.yaml
      "
    `)
    const machine = await run(['config', 'check', 'o.yaml', '-o', 'json'], { cwd: file.cwd })
    expect(JSON.parse(machine.out)).toEqual({
      file: 'o.yaml',
      valid: true,
      services: ['trader'],
      agents: ['a-1'],
      webhooks: [],
      warnings: [],
    })
  })

  it.each([['config check o.yaml'], ['up --config o.yaml --check'], ['up --config o.yaml']])(
    'names every fault at once with %s, and starts nothing',
    async (line) => {
      await using file = await withFile(BAD)
      const { code, out, error } = await run(line.split(' '), {
        cwd: file.cwd,
        environment: { ORCHESTRATOR_STATE_DIR: join(file.cwd, 'state') },
      })
      expect({ code, out }).toEqual({ code: 2, out: '' })
      expect(error.replaceAll(file.cwd, '…')).toMatchInlineSnapshot(`
        "error: …/o.yaml is not valid:
          2:11 caps.global 0: must be at least 1
          5:5 services.trader.agnt: is no setting here: did you mean agent?
        "
      `)
    },
  )

  it('warns of agents that are named and not described', async () => {
    await using file = await withFile(`${GOOD}defaults: { agent: a-2 }\ncaps: { agents: { a-1: 1, a-3: 1 } }\n`)
    const { code, out } = await run(['config', 'check', 'o.yaml'], { cwd: file.cwd })
    expect(code).toBe(0)
    expect(out).toContain('warning: defaults.agent names a-2, which is not among the agents: a-1\n')
    expect(out).toContain('warning: caps.agents.a-3 names a-3, which is not among the agents: a-1\n')
    expect(out.match(/warning/g)).toHaveLength(2)
  })

  it('gives programs the faults apart', async () => {
    await using file = await withFile(BAD)
    const { code, error } = await run(['config', 'check', 'o.yaml', '-o', 'json'], { cwd: file.cwd })
    expect(code).toBe(2)
    expect(JSON.parse(error)).toMatchObject({
      error: {
        code: 'SETTINGS_INVALID',
        faults: [
          { line: 2, column: 11, path: 'caps.global', value: '0', message: 'must be at least 1' },
          { line: 5, column: 5, path: 'services.trader.agnt', value: null },
        ],
      },
    })
  })

  it.each([
    ['config check missing.yaml', 'cannot read the settings file /missing.yaml'],
    ['up --check', '--check needs the file to check: name it with --config'],
  ])('ends %s with what is missing', async (line, text) => {
    const { code, error } = await run(line.split(' '))
    expect(code).toBe(2)
    expect(error).toContain(text)
  })
})

it('config schema is a JSON Schema of the file', async () => {
  const { code, out } = await run(['config', 'schema'])
  expect(code).toBe(0)
  expect(JSON.parse(out)).toMatchObject({
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    additionalProperties: false,
    properties: { services: { type: 'object' }, channels: { type: 'object' } },
  })
})
