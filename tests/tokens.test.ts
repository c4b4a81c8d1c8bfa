import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { temporaryDirectory } from '@orchestrator/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Installation, runCli, startInstallation } from './support/installation.ts'

let installation: Installation

beforeAll(async () => {
  installation = await startInstallation({}, { args: ['--host', '0.0.0.0'] })
})

afterAll(async () => {
  await installation[Symbol.asyncDispose]()
})

describe('up beyond this machine', () => {
  it('asks for tokens, and whoever runs it makes the first one without having any', async () => {
    await using directory = await temporaryDirectory()
    const { url, stateDirectory } = installation
    const here = ['--state-dir', stateDirectory]
    const made = await runCli(['tokens', 'create', 'alice', '--scope', 'read', ...here])
    expect(made).toMatchObject({ code: 0, stdout: expect.stringMatching(/^orc_\S{43}\n$/) })
    const file = join(directory.path, 'alice.token')
    await writeFile(file, made.stdout)
    const asAlice = ['--server', url, '--token-file', file]
    expect(await runCli(['task', 'list', '--server', url])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('a token is needed'),
    })
    expect(await runCli(['task', 'list', ...asAlice])).toMatchObject({ code: 0 })
    expect(await runCli(['tokens', 'list', ...asAlice])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('needs a token with the scope admin: alice has read'),
    })
    expect(await runCli(['tokens', 'revoke', 'alice', ...here])).toMatchObject({ code: 0 })
    expect(await runCli(['task', 'list', ...asAlice])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('revoked'),
    })
    expect(installation.output()).not.toContain(made.stdout.trim())
  })
})
