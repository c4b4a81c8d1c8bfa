import { startTestBroker, type TestBroker } from '@orchestrator/testing'
import { BaseResolver, createConfig, lintDocument, Source } from '@redocly/openapi-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startSubmitter, type SubmitterFixture } from '../../testing/submitter-fixture.ts'

const SNAPSHOT = '../../../../../docs/openapi.json'

let broker: TestBroker
let submitter: SubmitterFixture

beforeAll(async () => {
  broker = await startTestBroker()
  submitter = await startSubmitter({ brokerUrl: broker.url })
})

afterAll(async () => {
  await submitter[Symbol.asyncDispose]()
  await broker[Symbol.asyncDispose]()
})

async function served(): Promise<string> {
  const response = await submitter.send('/openapi.json')
  expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8')
  return `${JSON.stringify(await response.json(), null, 2)}\n`
}

/** What the linter finds; a warning counts. */
async function lint(text: string): Promise<string[]> {
  const config = await createConfig({
    extends: ['recommended-strict'],
    // The repository names no licence, and who is to be asked is known where an instance runs.
    rules: { 'info-license': 'off', 'operation-summary': 'error', 'no-invalid-schema-examples': 'error' },
  })
  const document = { source: new Source('openapi.json', text), parsed: JSON.parse(text) as unknown }
  const found = await lintDocument({ document, config, externalRefResolver: new BaseResolver() })
  return found.map(({ ruleId, message, location }) => `${ruleId}: ${message} at ${location[0]?.pointer ?? ''}`)
}

describe('the OpenAPI document', () => {
  it('is kept in the repository as it is served: a change there must be one that clients bear', async () => {
    await expect(await served()).toMatchFileSnapshot(SNAPSHOT)
  })

  it('passes the linter, its examples included', async () => {
    expect(await lint(await served())).toEqual([])
  })

  it('would not pass with an example that its schema refuses', async () => {
    const wrong = (await served()).replace('"phase": "Running"', '"phase": "Sleeping"')
    expect(await lint(wrong)).toContainEqual(expect.stringContaining('no-invalid-schema-examples'))
  })
})
