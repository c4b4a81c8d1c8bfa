import {
  type AttemptSpec,
  attemptSubject,
  EVENT_MAX_BYTES,
  type OrchestratorEvent,
  taskSubject,
  workspaceSubject,
} from '@orchestrator/shared/contracts'
import { systemClock } from '@orchestrator/shared/core'
import type { Delivery } from '@orchestrator/shared/nats'
import { createTestClock } from '@orchestrator/testing'
import { describe, expect, it } from 'vitest'
import { createDeadLetterHandler, createMessageHandler, createReplayHandler, serviceOf } from './handle-message.ts'
import { createLedgerMemory } from './memory/ledger-memory.ts'
import { emptyDocument } from './queue/queue.ts'
import { publishFinished } from './reconcile/publish.ts'
import { finished, released, specOf, started, stopRequested, submitted } from './testing/builders.ts'
import { createFakeMachine } from './testing/fake-runtime.ts'
import { createMemoryBroker } from './testing/memory-broker.ts'
import { createReplica, historyOf, submit } from './testing/test-world.ts'

const first = specOf({ tag: 'next', taskId: '1.2' })

function delivery(subject: string, event: OrchestratorEvent): Delivery {
  return { stored: { seq: 1, subject, time: new Date(0), event }, tries: 8, signal: new AbortController().signal }
}

function createHandler(clock = createTestClock()) {
  const broker = createMemoryBroker()
  const woken: string[] = []
  const { runtime } = createFakeMachine(broker.ledger)
  const world = createReplica({ broker, runtime, clock })
  const dependencies = { ...world, wakes: { wake: (service: string) => void woken.push(service) } }
  return {
    broker,
    woken,
    world,
    handle: createMessageHandler(dependencies),
    replay: createReplayHandler(dependencies),
  }
}

describe('a message', () => {
  it('of a submission puts it into the queue before it is settled', async () => {
    const { broker, woken, handle } = createHandler()
    submit(broker, first)
    await handle(delivery(taskSubject(first), submitted(first)))
    expect((await broker.workspaces.get('trader'))?.value.entries).toMatchObject([
      { name: first.name, tag: 'next', sequence: 1 },
    ])
    expect(woken).toEqual(['trader'])
  })

  it('of a submission that was just made gives it the free workspace at once', async () => {
    const clock = createTestClock()
    const { broker, woken, handle, world } = createHandler(clock)
    await world.workspaces.create('trader', emptyDocument('trader'))
    const hear = async (spec: AttemptSpec, time: Date): Promise<void> => {
      const seq = submit(broker, spec)
      const stored = { seq, subject: taskSubject(spec), time, event: submitted(spec) }
      await handle({ stored, tries: 1, signal: new AbortController().signal })
    }
    await hear(first, clock.now())
    await hear(specOf({ taskId: '2' }), clock.now())
    expect((await broker.workspaces.get('trader'))?.value).toMatchObject({
      grant: { name: first.name, epoch: { generation: 1, sequence: 1 } },
      entries: [{ taskId: '2' }],
    })
    expect(woken).toEqual(['trader', 'trader'])
    // Much may have been said of one that was made long ago.
    await world.workspaces.create('auth', emptyDocument('auth'))
    await hear(specOf({ service: 'auth' }), new Date(clock.now().getTime() - 60_000))
    expect((await broker.workspaces.get('auth'))?.value).toMatchObject({ grant: null, entries: [{ service: 'auth' }] })
  })

  it('of a stop marks it before it is settled', async () => {
    const { broker, woken, handle } = createHandler()
    submit(broker, first)
    broker.append(attemptSubject(first), stopRequested(first))
    await handle(delivery(attemptSubject(first), stopRequested(first)))
    expect((await broker.workspaces.get('trader'))?.value.entries).toMatchObject([{ stopRequested: true }])
    expect(woken).toEqual(['trader'])
  })

  it('of an end or a release only says where to look', async () => {
    const { broker, woken, handle } = createHandler()
    await handle(delivery(attemptSubject(first), finished(first)))
    await handle(delivery(workspaceSubject('trader'), released('trader', 'uid')))
    await handle(delivery(attemptSubject(first), started(first, 'uid')))
    expect(woken).toEqual(['trader', 'trader'])
    expect(await broker.workspaces.list()).toEqual([])
  })

  it('of a stop for what was never submitted changes nothing', async () => {
    const { broker, handle } = createHandler()
    await handle(delivery(attemptSubject(first), stopRequested(first)))
    expect(await broker.workspaces.list()).toEqual([])
  })

  it('belongs to the workspace of its subject', () => {
    expect(
      [taskSubject(first), attemptSubject(first), workspaceSubject('auth')].map((subject) => serviceOf({ subject })),
    ).toEqual(['trader', 'trader', 'auth'])
  })
})

describe('a message that is replayed', () => {
  const asked = (subject: string, event: OrchestratorEvent) => ({
    ...delivery(subject, event),
    letter: 7,
    channel: undefined,
  })

  it('is handled as if it had just come', async () => {
    const { broker, woken, replay } = createHandler()
    submit(broker, first)
    broker.append(attemptSubject(first), stopRequested(first))
    expect(await replay(asked(attemptSubject(first), stopRequested(first)))).toEqual({ kind: 'handled' })
    expect((await broker.workspaces.get('trader'))?.value.entries).toMatchObject([{ stopRequested: true }])
    expect(woken).toEqual(['trader'])
  })

  it('is obsolete once its attempt has ended, and nothing is looked at for it', async () => {
    const { broker, woken, replay } = createHandler()
    submit(broker, first)
    broker.append(attemptSubject(first), finished(first))
    expect(await replay(asked(taskSubject(first), submitted(first)))).toMatchObject({
      kind: 'obsolete',
      text: expect.stringContaining(`${first.name} has ended`),
    })
    expect(woken).toEqual([])
    expect(await broker.workspaces.list()).toEqual([])
  })
})

describe('a submission that is given up', () => {
  it('ends its attempt, so that nobody waits for it', async () => {
    const broker = createMemoryBroker()
    const giveUp = createDeadLetterHandler({ ...broker, memory: createLedgerMemory(broker.ledger), clock: systemClock })
    submit(broker, first)
    await giveUp(delivery(taskSubject(first), submitted(first)), new Error('no'))
    expect(broker.events.at(-1)?.event.data).toMatchObject({
      phase: 'Failed',
      reason: 'Undeliverable',
      submittedId: `submitted-${first.name}`,
    })
    await giveUp(delivery(taskSubject(first), submitted(first)), new Error('no'))
    expect(historyOf(broker, first)).toEqual(['attempt.finished'])
  })

  it('leaves an attempt alone that has a workload, and any other message', async () => {
    const broker = createMemoryBroker()
    const giveUp = createDeadLetterHandler({ ...broker, memory: createLedgerMemory(broker.ledger), clock: systemClock })
    submit(broker, first)
    broker.append(attemptSubject(first), started(first, 'uid'))
    await giveUp(delivery(taskSubject(first), submitted(first)), new Error('no'))
    await giveUp(delivery(attemptSubject(first), stopRequested(first)), new Error('no'))
    expect(historyOf(broker, first)).toEqual(['attempt.started'])
  })
})

describe('what the launcher says in the ledger', () => {
  it('fits, whatever a message is made of, and says where it is cut', async () => {
    const broker = createMemoryBroker()
    const message = '\u0001'.repeat(20_000)
    await publishFinished(
      { ledger: broker.ledger, memory: createLedgerMemory(broker.ledger), clock: systemClock },
      { ...first, submittedId: 'x'.repeat(36) },
      {
        verdict: { phase: 'Failed', reason: 'LaunchFailed', message },
        of: 'unstarted',
        signal: new AbortController().signal,
      },
    )
    const [stored] = broker.events
    expect(Buffer.byteLength(JSON.stringify(stored?.event))).toBeLessThan(EVENT_MAX_BYTES)
    expect(stored?.event.data).toMatchObject({ message: expect.stringMatching(/… \[cut\]$/) })
  })
})
