import { attemptSubject, type LedgerEvent, taskSubject } from '@orchestrator/shared/contracts'
import { type Broker, createLedger, type Ledger, type StoredEvent } from '@orchestrator/shared/nats'
import {
  PUBLISH_FAULTS,
  type PublishFault,
  type PublishFaultProxy,
  startedEvent,
  startPublishFaults,
  startTestBroker,
  submittedEvent,
} from '@orchestrator/testing'
import { describe, expect, it } from 'vitest'
import { startSubmitter, type SubmitterFixture } from '../testing/submitter-fixture.ts'

const TASK = { service: 'trader', tag: 'master', taskId: '1' }
const FIRST = { ...TASK, n: 1 }

interface Stage {
  readonly submitter: SubmitterFixture
  readonly ledger: Ledger
  readonly connection: Broker
  readonly proxy: PublishFaultProxy
}

async function onStage(
  { type, fault, rival }: { type: string; fault: PublishFault; rival: (broker: Broker) => Promise<unknown> },
  act: (stage: Stage) => Promise<void>,
): Promise<void> {
  await using broker = await startTestBroker()
  const connection = await broker.connect('rival')
  await using proxy = await startPublishFaults({ target: broker.url, type, fault, rival: () => rival(connection) })
  await using submitter = await startSubmitter({ brokerUrl: proxy.url })
  await submitter.ready()
  await act({ submitter, connection, proxy, ledger: await createLedger(connection) })
  expect(proxy.inflicted).toBe(1)
}

async function eventsOn({ ledger }: Stage, subject: string): Promise<readonly StoredEvent<LedgerEvent>[]> {
  return (await ledger.read(subject, AbortSignal.timeout(5000))).events
}

describe.each(PUBLISH_FAULTS)('a publish that meets %s', (fault) => {
  it('of a submission makes one attempt, and answers with it', async () => {
    const rival = (broker: Broker): Promise<unknown> =>
      broker.js.publish(taskSubject(TASK), JSON.stringify(submittedEvent(FIRST)))
    await onStage({ type: 'task.submitted', fault, rival }, async (stage) => {
      const answer = await stage.submitter.submit({ ...TASK, guidance: 'mine' }, 'key-1')
      const events = await eventsOn(stage, taskSubject(TASK))
      const n = fault === 'refusal' ? 2 : 1
      expect(events).toHaveLength(n)
      expect(answer).toMatchObject({ n, repeated: false, sequence: events.at(-1)?.seq, guidance: 'mine' })
      expect(answer.previous === null).toBe(n === 1)
      // The same request again, as somebody does who never got the answer.
      await stage.submitter.attempt(answer.attempt, answer.sequence)
      expect(await stage.submitter.submit({ ...TASK, guidance: 'mine' }, 'key-1')).toEqual({
        ...answer,
        repeated: true,
      })
      expect(await eventsOn(stage, taskSubject(TASK))).toHaveLength(n)
    })
  })

  it('of a stop asks once, and answers with that', async () => {
    const rival = (broker: Broker): Promise<unknown> =>
      broker.js.publish(attemptSubject(FIRST), JSON.stringify(startedEvent(FIRST)))
    await onStage({ type: 'task.stopRequested', fault, rival }, async (stage) => {
      const { attempt } = await stage.submitter.submit(TASK)
      const answer = await stage.submitter.stop(attempt, { note: 'enough' })
      const events = await eventsOn(stage, attemptSubject(FIRST))
      const types = events.map(({ event }) => event.type)
      expect(types).toEqual([...(fault === 'refusal' ? ['attempt.started'] : []), 'task.stopRequested'])
      expect(answer).toMatchObject({ accepted: true, sequence: events.at(-1)?.seq })
      expect(await stage.submitter.stop(attempt)).toMatchObject({ accepted: false, sequence: answer.sequence })
    })
  })
})
