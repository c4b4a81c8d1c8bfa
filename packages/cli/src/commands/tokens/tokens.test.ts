import { problem, startFakeServer } from '@orchestrator/client/testing'
import { describe, expect, it } from 'vitest'
import { run } from '../../testing/run.ts'

const TOKEN = `orc_${'a'.repeat(43)}`
const VIEW = {
  name: 'ci',
  state: 'active',
  scopes: ['submit'],
  services: ['trader'],
  createdAt: '2026-11-24T10:00:00.000Z',
  createdBy: 'local',
  expiresAt: '2027-02-22T10:30:30.000Z',
  revokedAt: null,
  revokedBy: null,
}

describe('tokens', () => {
  it('prints a new token alone on standard output, so that it can go into a file', async () => {
    await using server = await startFakeServer(() => ({ status: 201, json: { token: TOKEN, ...VIEW } }))
    const args = ['--scope', 'submit', 'read', '--service', 'trader', '--expires', '90d', '--server', server.url]
    const { code, out, error } = await run(['tokens', 'create', 'ci', ...args])
    expect({ code, out }).toEqual({ code: 0, out: `${TOKEN}\n` })
    expect(error).toContain('It is not shown again')
    expect(error).not.toContain(TOKEN)
    expect(server.requests).toMatchObject([
      {
        path: '/v1/tokens',
        body: { name: 'ci', scopes: ['submit', 'read'], services: ['trader'], expiresAt: '2027-02-22T10:30:30.000Z' },
      },
    ])
  })

  it.each([
    ['2027-01-31', '2027-01-31T00:00:00.000Z'],
    ['2027-01-31T12:00:00Z', '2027-01-31T12:00:00.000Z'],
    ['12h', '2026-11-24T22:30:30.000Z'],
  ])('understands --expires %s', async (expires, expiresAt) => {
    await using server = await startFakeServer(() => ({ status: 201, json: { token: TOKEN, ...VIEW } }))
    await run(['tokens', 'create', 'ci', '--scope', 'read', '--expires', expires, '--server', server.url])
    expect(server.requests).toMatchObject([{ body: { expiresAt } }])
  })

  it.each([
    [['--scope', 'root'], 'Allowed choices are read, submit, operate, admin'],
    [[], "required option '--scope <scopes...>' not specified"],
    [['--scope', 'read', '--expires', 'never'], 'is no duration'],
    [['--scope', 'read', '--expires', '2027-13-31'], 'is no day or time'],
  ])('refuses %j', async (args, remedy) => {
    const { code, error } = await run(['tokens', 'create', 'ci', ...args, '--server', 'http://127.0.0.1:9'])
    expect(code).toBe(2)
    expect(error).toContain(remedy)
  })

  it('lists them', async () => {
    const tokens = [
      VIEW,
      { ...VIEW, name: 'lead', state: 'revoked', scopes: ['admin'], services: null, expiresAt: null },
    ]
    await using server = await startFakeServer(() => ({ json: { tokens } }))
    const { out } = await run(['tokens', 'list', '--server', server.url])
    expect(out).toMatchInlineSnapshot(`
      "NAME  STATE    SCOPES  SERVICES  EXPIRES     MADE        BY
      ci    active   submit  trader    2027-02-22  2026-11-24  local
      lead  revoked  admin   all       never       2026-11-24  local
      "
    `)
  })

  it('revokes one', async () => {
    const revoked = { ...VIEW, state: 'revoked', revokedAt: '2026-11-24T10:30:00.000Z', revokedBy: 'lead' }
    await using server = await startFakeServer(() => ({ json: revoked }))
    const { code, out } = await run(['tokens', 'revoke', 'ci', '--server', server.url])
    expect({ code, out }).toEqual({ code: 0, out: 'ci was revoked by lead at 2026-11-24T10:30:00.000Z.\n' })
    expect(server.requests).toMatchObject([{ method: 'POST', path: '/v1/tokens/ci/revoke' }])
  })

  it('sends the token of the environment, and ends with 2 when it is refused', async () => {
    await using server = await startFakeServer(() => problem(401, 'this token has been revoked'))
    const environment = { ORCHESTRATOR_TOKEN: TOKEN }
    const { code, error } = await run(['tokens', 'list', '--server', server.url], { environment })
    expect({ code, error }).toEqual({ code: 2, error: 'error: this token has been revoked\n' })
    expect(server.requests[0]?.headers.authorization).toBe(`Bearer ${TOKEN}`)
  })

  it('has help with examples', async () => {
    for (const name of ['create', 'list', 'revoke']) {
      const { code, out } = await run(['tokens', name, '--help'])
      expect(code).toBe(0)
      expect(out).toContain(`Examples:\n  orchestrator tokens ${name}`)
    }
  })
})
