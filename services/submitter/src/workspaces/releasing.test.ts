import {
  type AttemptRef,
  attemptSubject,
  type Grant,
  type LedgerEvent,
  type QueueEntry,
  WorkspaceDocument,
  workspaceSubject,
} from '@orchestrator/shared/contracts'
import { createLedger, type Ledger, openDocuments } from '@orchestrator/shared/nats'
import { finishedEvent, startedEvent, startTestBroker, type TestBroker } from '@orchestrator/testing'
import { describe, expect, it, vi } from 'vitest'
import { post, startSubmitter, type SubmitterFixture } from '../testing/submitter-fixture.ts'

const UID = 'boot:1:1'
const FIRST = 'trader-claude-agent-1-task1-attempt1'
const SECOND = 'trader-claude-agent-1-task1-attempt2'
const never = new AbortController().signal
const refOf = (n: number): AttemptRef => ({ service: 'trader', tag: 'master', taskId: '1', n })
const entryOf = (n: number): QueueEntry => ({
  ...refOf(n),
  name: `trader-claude-agent-1-task1-attempt${n}`,
  agent: 'claude-agent-1',
  submittedId: `submitted-${n}`,
  sequence: n,
  stopRequested: false,
})
const grantOf = (n: number): Grant => ({
  ...entryOf(n),
  epoch: { generation: 1, sequence: 1 },
  slots: [],
  workloadUid: null,
  finished: false,
})

interface Site extends AsyncDisposable {
  readonly broker: TestBroker
  readonly submitter: SubmitterFixture
  readonly ledger: Ledger
  /** As launcher or watcher. @returns the sequence */
  append(event: LedgerEvent, n?: number): Promise<number>
  /** As the launcher. */
  give(grant: Grant | null, entries?: readonly QueueEntry[]): Promise<void>
}

/** A broker and a submitter that has accepted `attempts` attempts of one task. */
async function createSite(attempts: number): Promise<Site> {
  await using stack = new AsyncDisposableStack()
  const broker = stack.use(await startTestBroker())
  const submitter = stack.use(await startSubmitter({ brokerUrl: broker.url }))
  await submitter.ready()
  const others = await broker.connect('others')
  const ledger = await createLedger(others)
  const documents = await openDocuments(others, 'workspaces', WorkspaceDocument)
  for (let n = 1; n <= attempts; n += 1) await submitter.submit({ service: 'trader', taskId: '1' })
  const owned = stack.move()
  return {
    broker,
    submitter,
    ledger,
    append: async (event, n = 1) => {
      const published = await ledger.publish({
        subject: attemptSubject(refOf(n)),
        eventId: event.id,
        decide: ({ lastSeq }) => ({ kind: 'publish', event, expectedSeq: lastSeq }),
        signal: never,
      })
      if (published.kind !== 'stored') throw new Error('not stored')
      const { seq } = published.stored
      await submitter.attempts(`after=${seq}`)
      return seq
    },
    give: async (grant, entries = []) => {
      const value = { v: 1 as const, service: 'trader', grant, entries: [...entries], overflowAfter: null }
      const now = await documents.get('trader')
      await (now === undefined ? documents.create('trader', value) : documents.update('trader', value, now.revision))
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

const releases = async ({ ledger }: Site): Promise<readonly LedgerEvent[]> =>
  (await ledger.read(workspaceSubject('trader'), never)).events.map(({ event }) => event)

/** Attempt 1 has ended and still has the workspace; attempt 2 waits for it. */
async function createBusySite(): Promise<Site> {
  const site = await createSite(2)
  await site.append(startedEvent(refOf(1)))
  await site.append(finishedEvent(refOf(1)))
  await site.give(grantOf(1), [entryOf(2)])
  return site
}

describe('a workspace', () => {
  it('is shown with who has it, who waits, since when, and why it is busy', async () => {
    await using site = await createSite(2)
    const { submitter } = site
    expect(await submitter.workspace('trader')).toMatchObject({
      state: 'Waiting',
      message: '2 attempts wait for a launcher.',
      holder: null,
    })
    await site.give(null, [entryOf(1), entryOf(2)])
    expect(await submitter.workspace('trader')).toMatchObject({ state: 'Waiting', message: `${FIRST} gets it next.` })
    await site.give(grantOf(1), [entryOf(2)])
    expect(await submitter.workspace('trader')).toMatchObject({
      state: 'InUse',
      reason: null,
      holder: { attempt: FIRST, phase: 'Submitted', workload: null, startedAt: null },
      waiting: [{ attempt: SECOND, submittedAt: expect.stringMatching(/Z$/), stopRequested: false }],
    })
    await site.append(startedEvent(refOf(1)))
    const used = await submitter.workspace('trader')
    expect(used).toMatchObject({
      state: 'InUse',
      holder: { phase: 'Starting', workload: { uid: UID, runtime: 'process', location: 'machine' }, finishedAt: null },
    })
    await site.append(finishedEvent(refOf(1)))
    const busy = await submitter.workspace('trader')
    expect(busy).toMatchObject({
      state: 'Busy',
      reason: 'WorkspaceBusy',
      message: expect.stringMatching(/workload boot:1:1 at machine is gone\..*"task release"/),
      holder: { startedAt: used.holder?.startedAt, finishedAt: expect.stringMatching(/Z$/), released: null },
    })
    expect((await submitter.workspaces('state=Busy')).workspaces).toEqual([busy])
    expect((await submitter.workspaces('state=InUse')).workspaces).toEqual([])
    await site.give(null)
    expect(await submitter.workspace('trader')).toMatchObject({ state: 'Free', holder: null, waiting: [] })
  })

  it('of a service that has never had an attempt is none', async () => {
    await using site = await createSite(0)
    expect(await site.submitter.refused('/v1/workspaces/trader')).toMatchObject({ status: 404, code: 'NOT_FOUND' })
    expect((await site.submitter.refused('/v1/workspaces?state=Broken')).errors).toMatchObject([{ field: 'state' }])
  })
})

describe('a release', () => {
  it('says in the ledger who vouched for what, and through which door', async () => {
    await using site = await createBusySite()
    const { submitter } = site
    const answer = await submitter.release('trader', { workloadUid: UID, note: 'I pulled the plug.' })
    expect(answer).toMatchObject({
      service: 'trader',
      workspace: 'workspace-trader',
      attempt: FIRST,
      workloadUid: UID,
      accepted: true,
      requestedBy: { door: 'http', caller: 'local' },
      note: 'I pulled the plug.',
    })
    const [event, ...more] = await releases(site)
    expect(more).toEqual([])
    expect(event).toMatchObject({
      type: 'workspace.released',
      source: '/orchestrator/submitter',
      subject: 'workspace-trader',
      data: {
        workspace: 'workspace-trader',
        workloadUid: UID,
        name: FIRST,
        requestedBy: answer.requestedBy,
        note: answer.note,
      },
    })
    expect(await submitter.workspace('trader')).toMatchObject({
      state: 'Busy',
      message: expect.stringContaining('is about to be free'),
      holder: { released: { workloadUid: UID, sequence: answer.sequence } },
    })
  })

  it('is given once for each workload: whoever comes later is answered with the first', async () => {
    await using site = await createBusySite()
    const { submitter } = site
    const bodies = Array.from({ length: 20 }, (_none, i) => ({
      ...(i % 2 === 0 ? { attempt: FIRST } : { workloadUid: UID }),
      note: `from ${i}`,
    }))
    const answers = await Promise.all(bodies.map((body) => submitter.release('trader', body)))
    expect(answers.filter(({ accepted }) => accepted)).toHaveLength(1)
    expect(new Set(answers.map(({ sequence, note }) => `${sequence} ${note}`)).size).toBe(1)
    expect(await releases(site)).toHaveLength(1)
    // The workspace has gone on; the word stands.
    await site.give(grantOf(2))
    for (const body of [{ attempt: FIRST }, { workloadUid: UID }, { attempt: FIRST, workloadUid: UID }]) {
      const again = await submitter.send('/v1/workspaces/trader/release', post(body))
      expect(again.status).toBe(200)
      expect(await again.json()).toMatchObject({
        accepted: false,
        attempt: FIRST,
        sequence: answers[0]?.sequence,
        message: expect.stringMatching(/^local \(http\) vouched for workload boot:1:1 before, at /),
      })
    }
    expect(await releases(site)).toHaveLength(1)
  })

  it('of what has not started, not ended or gone on already is refused, with what to do', async () => {
    await using site = await createSite(2)
    const { submitter } = site
    const refuse = (body: object): ReturnType<SubmitterFixture['refused']> =>
      submitter.refused('/v1/workspaces/trader/release', post(body))
    await site.give(grantOf(1), [entryOf(2)])
    expect(await refuse({ attempt: FIRST })).toMatchObject({
      status: 409,
      code: 'ATTEMPT_NOT_STARTED',
      detail: expect.stringContaining('"task stop"'),
    })
    await site.append(startedEvent(refOf(1)))
    for (const body of [{ attempt: FIRST }, { workloadUid: UID }]) {
      expect(await refuse(body)).toMatchObject({
        status: 409,
        code: 'ATTEMPT_NOT_FINISHED',
        detail: expect.stringContaining('stop it first ("task stop")'),
      })
    }
    await site.append(finishedEvent(refOf(1)))
    const holder = { holder: FIRST, code: 'NOTHING_TO_RELEASE', status: 409 }
    expect(await refuse({ workloadUid: 'other' })).toMatchObject(holder)
    expect(await refuse({ attempt: FIRST, workloadUid: 'other' })).toMatchObject(holder)
    await site.append({ ...finishedEvent(refOf(2)) }, 2)
    expect(await refuse({ attempt: SECOND })).toMatchObject({
      code: 'ATTEMPT_NOT_STARTED',
      detail: `${SECOND} ended before it started: there is no workload of it to vouch for`,
    })
    // The launcher has proven it by itself.
    await site.give(grantOf(2))
    expect(await refuse({ attempt: FIRST })).toMatchObject({ ...holder, holder: SECOND })
    await site.give(null)
    expect(await refuse({ workloadUid: UID })).toMatchObject({ ...holder, holder: null })
    expect(await releases(site)).toEqual([])
  })

  it('of an attempt that has not ended needs the word that its machine is gone, too', async () => {
    await using site = await createSite(1)
    const { submitter } = site
    await site.give(grantOf(1))
    await site.append(startedEvent(refOf(1)))
    const refused = await submitter.refused('/v1/workspaces/trader/release', post({ attempt: FIRST }))
    expect(refused.detail).toContain('"task release --machine-gone"')
    const body = { attempt: FIRST, machineGone: true }
    expect(await submitter.release('trader', body)).toMatchObject({ accepted: true, workloadUid: UID })
    expect(await submitter.release('trader', body)).toMatchObject({ accepted: false, workloadUid: UID })
    expect(await releases(site)).toHaveLength(1)
    expect(
      (await submitter.refused('/v1/workspaces/trader/release', post({ ...body, machineGone: 'yes' }))).errors,
    ).toMatchObject([{ field: 'machineGone', value: 'yes' }])
  })

  it('names every fault of a request', async () => {
    await using site = await createBusySite()
    const { submitter } = site
    await submitter.submit({ service: 'auth', taskId: '1' })
    const path = '/v1/workspaces/trader/release'
    expect((await submitter.refused(path, post({ note: 'x' }))).errors).toMatchObject([
      { field: 'body', message: expect.stringContaining('"workloadUid"') },
    ])
    expect((await submitter.refused(path, post({ attempt: 'A b', note: 7, uid: UID }))).errors).toMatchObject([
      { field: 'attempt', value: 'A b' },
      { field: 'note', value: 7 },
      { field: 'uid', value: UID },
    ])
    const foreign = await submitter.refused(path, post({ attempt: 'auth-claude-agent-1-task1-attempt1' }))
    expect(foreign).toMatchObject({ status: 400, errors: [{ field: 'attempt' }] })
    expect(await submitter.refused(path, post({ attempt: 'nobody' }))).toMatchObject({ status: 404 })
    expect(await submitter.refused('/v1/workspaces/Trader/release', post({ attempt: FIRST }))).toMatchObject({
      status: 400,
      errors: [{ field: 'service', value: 'Trader' }],
    })
  })

  it('cannot be given while the broker is away, and is given once by whoever asks again', async () => {
    await using site = await createBusySite()
    const { broker, submitter } = site
    await broker.kill()
    const body = post({ attempt: FIRST })
    const problem = await vi.waitFor(() => submitter.refused('/v1/workspaces/trader/release', body), {
      timeout: 15_000,
    })
    expect(problem).toMatchObject({ status: 503, code: 'BROKER_UNAVAILABLE' })
    await broker.restart()
    await submitter.ready()
    expect((await submitter.release('trader', { attempt: FIRST })).accepted).toBe(true)
    expect((await submitter.release('trader', { attempt: FIRST })).accepted).toBe(false)
    expect(await vi.waitFor(() => releases(site), { timeout: 15_000 })).toHaveLength(1)
  })
})
