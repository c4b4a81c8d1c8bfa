import { attemptView, type FakeServer, problem, startFakeServer } from '@orchestrator/client/testing'
import type { WorkspaceView } from '@orchestrator/shared/contracts'
import { describe, expect, it } from 'vitest'
import { type Ran, run } from '../../testing/run.ts'

const FIRST = 'trader-claude-agent-1-task1-attempt1'
const SECOND = 'trader-claude-agent-1-task1-attempt2'
const UID = 'boot:12:34'
const task = { service: 'trader', tag: 'master', taskId: '1' }

const word = {
  workloadUid: UID,
  requestedBy: { door: 'cli' as const, caller: 'local' },
  note: 'switched \u001B[31moff',
  at: '2026-11-24T10:30:30.000Z',
  sequence: 9,
}

const busy: WorkspaceView = {
  service: 'trader',
  workspace: 'workspace-trader',
  state: 'Busy',
  reason: 'WorkspaceBusy',
  message: 'it has ended',
  holder: {
    attempt: FIRST,
    ...task,
    n: 1,
    agent: 'claude-agent-1',
    phase: 'Unknown',
    workload: { uid: UID, runtime: 'process', location: 'machine-7' },
    startedAt: '2026-11-24T10:00:30.000Z',
    finishedAt: '2026-11-24T10:18:30.000Z',
    released: null,
  },
  waiting: [
    {
      attempt: SECOND,
      ...task,
      n: 2,
      agent: 'claude-agent-1',
      submittedAt: '2026-11-24T10:10:00.000Z',
      stopRequested: false,
    },
  ],
  moreWaiting: false,
}

const answer = {
  service: 'trader',
  workspace: 'workspace-trader',
  attempt: FIRST,
  accepted: true,
  message: `You have vouched that nothing of ${FIRST} runs any more: workspace-trader goes to the next attempt.`,
  ...word,
}

const startServer = async (workspace: WorkspaceView = busy): Promise<FakeServer> =>
  await startFakeServer(({ method }) => (method === 'POST' ? { status: 202, json: answer } : { json: workspace }))

const release = async (server: FakeServer, args: readonly string[], options = {}): Promise<Ran> =>
  await run(['task', 'release', ...args, '--server', server.url], options)

const posted = ({ requests }: FakeServer): unknown[] =>
  requests.filter(({ method }) => method === 'POST').map(({ path, body }) => [path, body])

describe('task release', () => {
  it('says on a terminal what a person vouches for, and takes a no for a no', async () => {
    await using server = await startServer()
    const refused = await release(server, ['trader'], { terminal: true, stdin: 'n\n' })
    expect(refused).toMatchObject({ code: 2, error: 'error: not released\n' })
    expect(refused.out).toMatchInlineSnapshot(`
      "workspace-trader is busy: nothing proves that trader-claude-agent-1-task1-attempt1 has left it.
        Ended     Unknown, 2026-11-24T10:18:30.000Z (12m 00s ago)
        Workload  boot:12:34 (process)
        Machine   machine-7
        Waiting   1 attempt, first trader-claude-agent-1-task1-attempt2

      By releasing it you vouch, in the ledger and for good, that no process and no pod of this workload runs any more.
      The next attempt gets the same workspace at once: whatever still runs would write into it together with it.
      Release it? [y/N]
      "
    `)
    expect(posted(server)).toEqual([])
    expect((await release(server, ['trader'], { terminal: true, stdin: 'y\n' })).code).toBe(0)
    expect(posted(server)).toEqual([['/v1/workspaces/trader/release', { attempt: FIRST, workloadUid: UID }]])
  })

  it('vouches for nothing unasked where nobody can be asked', async () => {
    await using server = await startServer()
    const { code, error } = await release(server, ['trader'])
    expect(code).toBe(2)
    expect(error).toContain('releasing workspace-trader has to be confirmed: add --yes')
    expect(posted(server)).toEqual([])
  })

  it('names with --yes exactly what it saw, and says what follows', async () => {
    await using server = await startServer()
    const { code, out } = await release(server, ['trader', '1', '--yes', '--note', 'switched off'])
    expect(code).toBe(0)
    expect(posted(server)).toEqual([
      ['/v1/workspaces/trader/release', { attempt: FIRST, workloadUid: UID, note: 'switched off' }],
    ])
    expect(out).toMatchInlineSnapshot(`
      "You have vouched that nothing of trader-claude-agent-1-task1-attempt1 runs any more: workspace-trader goes to the next attempt.
        Workload  boot:12:34
        Vouched   local (cli), 2026-11-24T10:30:30.000Z
        Note      switched \\x1b[31moff
        Next      trader-claude-agent-1-task1-attempt2
      "
    `)
    const { out: json } = await release(server, ['trader', '--yes', '-o', 'json'])
    expect(JSON.parse(json)).toEqual(answer)
  })

  it.each([
    { who: 'another task', args: ['trader', '2', '--yes'], error: `is not with task 2 of tag master: ${FIRST} has it` },
    { who: 'another tag', args: ['trader', '--tag', 'api', '--yes'], error: `is not with tag api: ${FIRST} has it` },
    {
      who: 'nobody',
      args: ['trader', '--yes'],
      workspace: { ...busy, state: 'Free' as const, holder: null, message: 'Nobody has it, and nobody waits.' },
      error: 'workspace-trader is not busy: Nobody has it, and nobody waits.',
    },
  ])('releases nothing where $who has the workspace', async ({ args, workspace, error }) => {
    await using server = await startServer(workspace)
    const ran = await release(server, args)
    expect(ran.error).toContain(error)
    expect(ran.code).toBe(9)
    expect(posted(server)).toEqual([])
  })

  it('does not ask where the server refuses anyhow, and tells its reason', async () => {
    const inUse: WorkspaceView = { ...busy, state: 'InUse', reason: null }
    await using server = await startFakeServer(({ method }) =>
      method === 'POST' ? problem(409, `${FIRST} has not ended: stop it first ("task stop")`) : { json: inUse },
    )
    const { code, error } = await release(server, ['trader'])
    expect(code).toBe(9)
    expect(error).toContain('stop it first')
  })

  it('without a service shows what waits for a word', async () => {
    await using server = await startFakeServer(() => ({ json: { workspaces: [busy] } }))
    const { code, out } = await release(server, [])
    expect(code).toBe(0)
    expect(server.requests[0]?.path).toBe('/v1/workspaces?state=Busy')
    expect(out).toMatchInlineSnapshot(`
      "SERVICE  ENDED ATTEMPT                         SINCE                     WAITING  MACHINE    WORKLOAD
      trader   trader-claude-agent-1-task1-attempt1  2026-11-24T10:18:30.000Z  1        machine-7  boot:12:34

      Once nothing of a workload runs any more: orchestrator task release <service>
      "
    `)
    await using none = await startFakeServer(() => ({ json: { workspaces: [] } }))
    expect((await release(none, [])).out).toBe('No workspace waits for a person to vouch for it.\n')
  })
})

describe('an attempt that waits for a busy workspace', () => {
  const waiting = attemptView({
    name: SECOND,
    n: 2,
    phase: 'Queued',
    startedAt: null,
    reason: 'WorkspaceBusy',
    message: `${FIRST} has ended`,
    step: null,
    ahead: 1,
  })

  it('says in its status how the workspace is freed', async () => {
    await using server = await startFakeServer(() => ({ json: waiting }))
    const { out } = await run(['task', 'status', SECOND, '--server', server.url])
    expect(out).toContain(`WorkspaceBusy: ${FIRST} has ended`)
    expect(out).toContain('orchestrator task release trader')
  })

  it('and so does the list', async () => {
    const page = { tasks: [{ ...task, attempts: 2, latest: waiting }], next: null }
    await using server = await startFakeServer(() => ({ json: page }))
    const { out } = await run(['task', 'list', '--server', server.url])
    expect(out).toContain('Queued (WorkspaceBusy)')
    expect(out).toContain('with: orchestrator task release')
  })
})
