import { type FakeAnswer, type FakeServer, problem, startFakeServer } from '@orchestrator/client/testing'
import type { RebuildStatus } from '@orchestrator/shared/contracts'
import { describe, expect, it } from 'vitest'
import { run } from '../testing/run.ts'

const view = { replica: 'a', views: 3, current: false, sequence: 0, of: 1000 }
const rebuilding = (sequence: number, documents: RebuildStatus['documents'] = null): RebuildStatus => {
  const current = sequence === 1000
  return { done: current && documents?.state !== 'running', views: [{ ...view, sequence, current }], documents }
}
const documents = {
  id: 'd1',
  state: 'running' as const,
  sequence: 400,
  of: 1000,
  written: { workspaces: 0, slots: 0, branches: 0 },
  problem: null,
}

/** Answers the order, then each look with the next status; the last one from then on. */
async function startServer(
  statuses: readonly (RebuildStatus | FakeAnswer)[],
  id: string | null = null,
): Promise<FakeServer> {
  let looks = 0
  return await startFakeServer(({ method }) => {
    if (method === 'POST') return { status: 202, json: { views: 3, documents: id } }
    const answer = statuses[Math.min(looks, statuses.length - 1)] ?? problem(500, 'none')
    looks += 1
    return 'views' in answer ? { json: answer } : answer
  })
}

describe('rebuild', () => {
  it('shows how far it is, and returns when every view is current', async () => {
    await using server = await startServer([rebuilding(0), rebuilding(420), rebuilding(420), rebuilding(1000)])
    const { code, out } = await run(['rebuild', '--server', server.url])
    expect(code).toBe(0)
    expect(server.requests.map(({ method, path, body }) => [method, path, body]).slice(0, 2)).toEqual([
      ['POST', '/v1/rebuild', { documents: false }],
      ['GET', '/v1/rebuild?views=3', undefined],
    ])
    expect(out.replace(/after .*\./, 'after 0s.')).toMatchInlineSnapshot(`
      "view 1 of 1: 0 of 1000 events (0 %)
      view 1 of 1: 420 of 1000 events (42 %)
      1 view current at sequence 1000, after 0s.
      Launchers and watchers say again where live attempts stand.
      "
    `)
  })

  it('waits for a replica that was behind when it last answered', async () => {
    const [mine, other] = [
      { ...view, sequence: 1000, current: true },
      { ...view, replica: 'b', sequence: 10 },
    ]
    const through = { done: true, documents: null }
    await using server = await startServer([
      { views: [mine, other], ...through, done: false },
      { views: [mine], ...through },
      { views: [mine], ...through },
      { views: [mine, { ...other, sequence: 1000, current: true }], ...through },
    ])
    const { code, out } = await run(['rebuild', '--server', server.url])
    expect(code).toBe(0)
    expect(out).toContain('2 views current at sequence 1000')
  })

  it('goes on over a server that is killed and comes back', async () => {
    await using server = await startServer([
      rebuilding(10),
      problem(503, 'the broker is not connected'),
      problem(503, 'the view is being filled'),
      rebuilding(1000),
    ])
    expect((await run(['rebuild', '--server', server.url])).code).toBe(0)
  })

  it('makes documents again where it is told to, and says what was written', async () => {
    const done = { ...documents, state: 'done' as const, written: { workspaces: 2, slots: 1, branches: 1 } }
    await using server = await startServer([rebuilding(1000, documents), rebuilding(1000, done)], 'd1')
    const { code, out } = await run(['rebuild', '--documents', '--server', server.url])
    expect(code).toBe(0)
    expect(server.requests[0]?.body).toEqual({ documents: true })
    expect(server.requests[1]?.path).toBe('/v1/rebuild?views=3&documents=d1')
    expect(out).toContain('documents: 400 of 1000 events (40 %)')
    expect(out).toContain('Documents written: 2 workspaces, 1 slot, 1 branch claim.')
    const nothing = { ...done, written: { workspaces: 0, slots: 0, branches: 0 } }
    await using again = await startServer([rebuilding(1000, nothing)], 'd1')
    expect((await run(['rebuild', '--documents', '--server', again.url])).out).toContain('nothing was written')
  })

  it('says when the documents could not be made, and ends with an error', async () => {
    const failed = { ...documents, state: 'failed' as const, problem: 'no \u001B[31mroom' }
    await using server = await startServer([rebuilding(1000, failed)], 'd1')
    const { code, error } = await run(['rebuild', '--documents', '--server', server.url])
    expect(code).toBe(1)
    expect(error).toContain('no \\x1b[31mroom; run it again')
  })

  it('speaks JSON to programs, and ends with 3 where it is not possible', async () => {
    await using server = await startServer([rebuilding(1000)])
    const { out } = await run(['rebuild', '-o', 'json', '--server', server.url])
    expect(JSON.parse(out)).toEqual({ ...rebuilding(1000), documents: null })
    await using refusing = await startFakeServer(() => problem(503, 'the broker is unavailable'))
    expect((await run(['rebuild', '--server', refusing.url])).code).toBe(3)
  })
})
