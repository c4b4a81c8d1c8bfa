import { attemptSubject, taskSubject } from '@orchestrator/shared/contracts'
import { createTestClock } from '@orchestrator/testing'
import { describe, expect, it } from 'vitest'
import { createPass } from '../reconcile/pass.ts'
import { finished, specOf, started, stopRequested, submitted } from '../testing/builders.ts'
import { createMemoryBroker, type MemoryBroker } from '../testing/memory-broker.ts'
import { createLedgerMemory } from './ledger-memory.ts'

const never = new AbortController().signal
const spec = specOf()
const subject = attemptSubject(spec)

function createCounted(broker: MemoryBroker): { readonly ledger: MemoryBroker['ledger']; readonly known: unknown[] } {
  const known: unknown[] = []
  const { ledger } = broker
  return {
    known,
    ledger: {
      ...ledger,
      read: (asked, signal, before) => {
        known.push(before?.lastSeq)
        return ledger.read(asked, signal)
      },
    },
  }
}

describe('the memory of the ledger', () => {
  it('asks for what was added since it last read, wrote or learnt', async () => {
    const broker = createMemoryBroker()
    const { ledger, known } = createCounted(broker)
    const memory = createLedgerMemory(ledger)
    await memory.read(spec, never)
    const event = started(spec, 'uid')
    memory.add({ seq: broker.append(subject, event), subject, time: new Date(0), event })
    expect((await memory.read(spec, never)).events.map((stored) => stored.event.type)).toEqual(['attempt.started'])
    broker.append(subject, finished(spec))
    expect((await memory.read(spec, never)).lastSeq).toBe(2)
    expect(memory.recall(spec)?.lastSeq).toBe(2)
    expect(known).toEqual([undefined, 1, 1])
    memory.forgetAll()
    expect(memory.recall(spec)).toBeUndefined()
  })

  it('does not take what was written for a whole history that it has never read', () => {
    const memory = createLedgerMemory(createMemoryBroker().ledger)
    memory.add({ seq: 9, subject, time: new Date(0), event: started(spec, 'uid') })
    expect(memory.recall(spec)).toBeUndefined()
  })

  it('hears of the end of what it knows as started, and asks then no more', async () => {
    const broker = createMemoryBroker()
    const { ledger, known } = createCounted(broker)
    const memory = createLedgerMemory(ledger)
    broker.append(subject, started(spec, 'uid'))
    await memory.read(spec, never)
    const event = finished(spec)
    memory.hear({ seq: broker.append(subject, event), subject, time: new Date(0), event })
    expect(memory.recall(spec)?.events.map((stored) => stored.event.type)).toEqual([
      'attempt.started',
      'attempt.finished',
    ])
    expect(memory.lastSeen).toBe(2)
    memory.forgetAll()
    expect(memory.lastSeen).toBe(0)
    expect(known).toHaveLength(1)
  })

  it('does not take an end for the whole of an attempt whose start it does not know', () => {
    const memory = createLedgerMemory(createMemoryBroker().ledger)
    memory.begin(spec)
    memory.hear({ seq: 9, subject, time: new Date(0), event: finished(spec) })
    expect(memory.recall(spec)?.events).toEqual([])
    expect(memory.lastSeen).toBe(9)
  })

  it('reads a submission once, and refuses another one at its sequence', async () => {
    const broker = createMemoryBroker()
    const sequence = broker.append(taskSubject(spec), submitted(spec))
    const ref = { name: spec.name, submittedId: submitted(spec).id, sequence }
    let reads = 0
    const get: MemoryBroker['ledger']['get'] = (...asked) => {
      reads += 1
      return broker.ledger.get(...asked)
    }
    const memory = createLedgerMemory({ ...broker.ledger, get })
    expect((await memory.submission(ref, never)).data.attempt.name).toBe(spec.name)
    await memory.submission(ref, never)
    expect(reads).toBe(1)
    await expect(memory.submission({ ...ref, submittedId: 'other' }, never)).rejects.toMatchObject({
      code: 'LEDGER_CONFLICT',
    })
  })
})

describe('a pass', () => {
  const createPassOver = (broker: MemoryBroker) => {
    const memory = createLedgerMemory(broker.ledger)
    const clock = createTestClock()
    return { memory, clock, pass: createPass(memory, clock) }
  }

  it('reads an attempt once, and again where nothing protects what is decided', async () => {
    const broker = createMemoryBroker()
    const { memory, pass } = createPassOver(broker)
    await memory.read(spec, never)
    broker.append(subject, started(spec, 'uid'))
    expect((await pass.history(spec, never)).started).toBeDefined()
    broker.append(subject, finished(spec))
    expect((await pass.history(spec, never)).finished).toBeUndefined()
    expect((await pass.historyOfGrant(spec, never)).finished).toBeDefined()
    expect((await pass.history(spec, never)).finished).toBeDefined()
  })

  it('does not ask what its own publish has just said, once and for a moment only', async () => {
    const broker = createMemoryBroker()
    const { memory, pass, clock } = createPassOver(broker)
    await pass.historyOfGrant(spec, never)
    const event = started(spec, 'uid')
    const publish = (): void => {
      memory.add({ seq: broker.append(subject, event), subject, time: new Date(0), event })
      pass.published(spec, clock.monotonicMs())
    }
    publish()
    broker.append(subject, stopRequested(spec))
    expect(await pass.historyOfGrant(spec, never)).toMatchObject({ started: event, stop: undefined })
    expect((await pass.historyOfGrant(spec, never)).stop).toBeDefined()
    publish()
    await clock.advance(1000)
    broker.append(subject, finished(spec))
    expect((await pass.historyOfGrant(spec, never)).finished).toBeDefined()
  })

  it('takes a submission that has just come as one of which nothing was said, once', async () => {
    const broker = createMemoryBroker()
    const { memory, pass } = createPassOver(broker)
    broker.append(subject, stopRequested(spec))
    memory.begin(spec)
    expect((await pass.history(spec, never)).stop).toBeUndefined()
    expect((await createPass(memory, createTestClock()).history(spec, never)).stop).toBeDefined()
    expect(memory.begin(spec).lastSeq).toBe(1)
  })
})
