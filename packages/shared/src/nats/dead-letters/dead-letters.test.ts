import { sampleAttempt, silentLog, submittedEvent } from '@orchestrator/testing'
import { describeOnBrokers } from '@orchestrator/testing/vitest'
import { expect, it } from 'vitest'
import { deadLetterSubject, taskSubject } from '../../contracts/index.ts'
import { systemClock, TerminalError } from '../../core/index.ts'
import type { Broker } from '../connection/connection.ts'
import { type DurableOptions, runDurable } from '../durables/consumer.ts'
import type { DeadLetterQuery, StoredDeadLetter } from './dead-letter-reading.ts'
import { createDeadLetters, type DeadLetters } from './dead-letters.ts'

const { signal } = new AbortController()
let broker: Broker
let letters: DeadLetters
const describeOnEach = describeOnBrokers(async (servers) => {
  broker = await servers.connect('test')
  letters = createDeadLetters(broker)
})

let names = 0
/** Each test has a service, and so subjects and a durable, of its own. */
function ownService(): string {
  names += 1
  return `service${names}`
}

async function submit(service: string, taskId = '1'): Promise<number> {
  const ref = sampleAttempt(taskId, 1, service)
  return (await broker.js.publish(taskSubject(ref), JSON.stringify(submittedEvent(ref)))).seq
}

function durable(
  service: string,
  handler: DurableOptions['handler'],
  changes: Partial<DurableOptions> = {},
): DurableOptions {
  return {
    broker,
    stream: 'TASKS',
    durable: service,
    subjects: [`task.${service}.>`],
    concurrency: 4,
    keyOf: ({ subject }) => subject,
    handler,
    logger: silentLog,
    clock: systemClock,
    ...changes,
  }
}

/** A handler that fails for good until it is mended, and writes down what it handled. */
function mendable(): { handler: DurableOptions['handler']; handled: number[]; mend: () => void; tries: () => number } {
  const handled: number[] = []
  let broken = true
  let tries = 0
  return {
    handled,
    mend: () => {
      broken = false
    },
    tries: () => tries,
    handler: async ({ stored }) => {
      tries += 1
      if (broken) throw new TerminalError('TEMPLATE_INVALID', 'no such variable')
      handled.push(stored.seq)
    },
  }
}

async function add(service: string, change: Partial<StoredDeadLetter['letter']> = {}): Promise<number> {
  const place = { durable: service, stream: 'TASKS', sequence: 1, subject: taskSubject(sampleAttempt('1', 1, service)) }
  const { v: _, ...rest } = change
  return await letters.add({ ...place, tries: 1, text: 'no', ...rest, reason: 'terminal' })
}

const list = async (service: string, query: Partial<DeadLetterQuery> = {}): Promise<readonly StoredDeadLetter[]> =>
  await letters.list({ durable: service, limit: 100, signal, ...query })

async function only(service: string): Promise<StoredDeadLetter> {
  await expect.poll(() => list(service)).not.toEqual([])
  const [first, ...others] = await list(service)
  if (first === undefined || others.length > 0) throw new Error('not one letter')
  return first
}

const stateOf = async ({ seq }: Pick<StoredDeadLetter, 'seq'>): Promise<string | undefined> =>
  (await letters.get(seq))?.state.kind

/** Settled requests: what the durable for replays has no longer in hand. */
const unsettled = async (service: string): Promise<number> => {
  const { num_ack_pending, num_pending } = await broker.jsm.consumers.info('DEADLETTERS', `${service}-replay`)
  return num_ack_pending + num_pending
}

describeOnEach('a stream that never had one', () => {
  it('has no dead letters', async () => {
    expect(await letters.list({ limit: 10, signal })).toEqual([])
  })
})

describeOnEach('a replay', () => {
  it('hands the message to the same handler once the cause is mended, and the letter says that it was handled', async () => {
    const service = ownService()
    const { handler, handled, mend } = mendable()
    const told: number[] = []
    const seq = await submit(service)
    const onDeadLetter: DurableOptions['onDeadLetter'] = async ({ stored }) => void told.push(stored.seq)
    await using consumer = await runDurable(durable(service, handler, { onDeadLetter }))
    const kept = await only(service)
    expect(kept).toMatchObject({
      letter: {
        durable: service,
        stream: 'TASKS',
        sequence: seq,
        subject: taskSubject(sampleAttempt('1', 1, service)),
        reason: 'terminal',
        tries: 1,
        text: 'no such variable',
      },
      state: { kind: 'open' },
    })
    expect(told).toEqual([seq])
    mend()
    expect(await letters.replay(kept)).toBe(true)
    await expect.poll(() => stateOf(kept)).toBe('handled')
    expect(handled).toEqual([seq])
    expect(await list(service)).toMatchObject([{ seq: kept.seq, state: { kind: 'handled' } }])
    expect(consumer.health()).toBe('ok')
  })

  it('that fails again is a letter of its own, which can be replayed as well', async () => {
    const service = ownService()
    const { handler, handled, mend } = mendable()
    const seq = await submit(service)
    await using consumer = await runDurable(durable(service, handler))
    const first = await only(service)
    await letters.replay(first)
    await expect.poll(() => stateOf(first)).toBe('failed')
    const [second] = await list(service, { states: ['open'] })
    expect(second).toMatchObject({ letter: { sequence: seq, reason: 'terminal' } })
    expect((await letters.get(first.seq))?.state).toMatchObject({ next: second?.seq })
    mend()
    if (second !== undefined) await letters.replay(second)
    await expect.poll(() => handled).toEqual([seq])
    await expect.poll(async () => (await list(service)).map(({ state }) => state.kind)).toEqual(['handled', 'failed'])
    expect(consumer.health()).toBe('ok')
  })

  it('is asked for once, however many ask at the same time', async () => {
    const service = ownService()
    const { handler, handled, mend } = mendable()
    const seq = await submit(service)
    await using consumer = await runDurable(durable(service, handler))
    const kept = await only(service)
    mend()
    const asked = await Promise.all(Array.from({ length: 20 }, () => letters.replay(kept)))
    expect(asked.filter(Boolean)).toHaveLength(1)
    await expect.poll(() => stateOf(kept)).toBe('handled')
    expect(await letters.replay(kept)).toBe(false)
    await expect.poll(() => unsettled(service)).toBe(0)
    expect(handled).toEqual([seq])
    expect(consumer.health()).toBe('ok')
  })

  it('that was handled is not handled again when the durable is lost and made anew', async () => {
    const service = ownService()
    const { handler, mend, tries } = mendable()
    await submit(service)
    const first = await runDurable(durable(service, handler))
    const kept = await only(service)
    mend()
    await letters.replay(kept)
    await expect.poll(() => stateOf(kept)).toBe('handled')
    await first[Symbol.asyncDispose]()
    const before = tries()
    await broker.jsm.consumers.delete('DEADLETTERS', `${service}-replay`)
    await using again = await runDurable(durable(service, handler))
    await expect.poll(() => unsettled(service)).toBe(0)
    expect(tries()).toBe(before)
    expect(again.health()).toBe('ok')
  })

  it('waits for a service that is not running', async () => {
    const service = ownService()
    const sequence = await submit(service)
    const handled: number[] = []
    const seq = await add(service, { sequence })
    const kept = await letters.get(seq)
    if (kept === undefined) throw new Error('the letter is there')
    await letters.replay(kept)
    expect(await stateOf(kept)).toBe('replaying')
    const handler: DurableOptions['handler'] = async ({ stored, tries }) => void handled.push(stored.seq, tries)
    await using consumer = await runDurable(durable(service, handler, { subjects: [`task.${service}.none.none`] }))
    await expect.poll(() => stateOf(kept)).toBe('handled')
    expect(handled).toEqual([sequence, 1])
    expect(consumer.health()).toBe('ok')
  })

  it('is obsolete when the message is gone, or the handler says that nothing is left to do', async () => {
    const service = ownService()
    const sequence = await submit(service)
    const gone = await letters.get(await add(service, { sequence: 9_999_999 }))
    const finished = await letters.get(await add(service, { sequence, channel: 'team' }))
    if (gone === undefined || finished === undefined) throw new Error('the letters are there')
    await letters.replay(gone)
    await letters.replay(finished)
    await broker.js.publish(`replay.${service}.7`, 'nonsense')
    const asked: unknown[] = []
    const replayHandler: DurableOptions['replayHandler'] = async ({ letter, channel, stored }) => {
      asked.push({ letter, channel, seq: stored.seq })
      return { kind: 'obsolete', text: 'it has ended' }
    }
    await using consumer = await runDurable(durable(service, async () => undefined, { replayHandler }))
    await expect.poll(() => stateOf(gone)).toBe('obsolete')
    await expect.poll(() => stateOf(finished)).toBe('obsolete')
    expect((await letters.get(gone.seq))?.state).toMatchObject({ text: 'TASKS no longer holds the message' })
    expect((await letters.get(finished.seq))?.state).toMatchObject({ text: 'it has ended' })
    expect(asked).toEqual([{ letter: finished.seq, channel: 'team', seq: sequence }])
    await expect.poll(() => unsettled(service)).toBe(0)
    expect(consumer.health()).toBe('ok')
  })

  it('stays open-ended until whoever goes on with it says how it ended', async () => {
    const service = ownService()
    const sequence = await submit(service)
    const kept = await letters.get(await add(service, { sequence }))
    if (kept === undefined) throw new Error('the letter is there')
    await letters.replay(kept)
    const replayHandler: DurableOptions['replayHandler'] = async () => ({ kind: 'later' })
    await using consumer = await runDurable(durable(service, async () => undefined, { replayHandler }))
    await expect.poll(() => unsettled(service)).toBe(0)
    expect(await stateOf(kept)).toBe('replaying')
    await letters.end({ durable: service, letter: kept.seq }, { outcome: 'handled' })
    await letters.end({ durable: service, letter: kept.seq }, { outcome: 'failed', next: 1 })
    expect(await stateOf(kept)).toBe('handled')
    expect(consumer.health()).toBe('ok')
  })
})

describeOnEach('looking at dead letters', () => {
  it('shows the newest first, of one durable or all, in pages that join, whatever lies between', async () => {
    const [mine, other] = [ownService(), ownService()]
    const added: number[] = []
    for (let i = 0; i < 30; i += 1) {
      added.push(await add(mine))
      await add(other)
    }
    const newestFirst = added.toReversed()
    expect((await list(mine)).map(({ seq }) => seq)).toEqual(newestFirst)
    const paged: number[] = []
    for (let before: number | undefined; paged.length < 30; before = paged.at(-1)) {
      const page = await list(mine, { limit: 7, ...(before === undefined ? {} : { before }) })
      paged.push(...page.map(({ seq }) => seq))
    }
    expect(paged).toEqual(newestFirst)
    expect((await list(mine, { before: added[0] ?? 0 })).length).toBe(0)
    const all = await letters.list({ limit: 4, signal })
    expect(all.map(({ letter }) => letter.durable)).toEqual([other, mine, other, mine])
  })

  it('knows how letters stand beyond the page, and finds the few that are open among many', async () => {
    const service = ownService()
    const open = await add(service)
    for (let i = 0; i < 700; i += 1) {
      const seq = await add(service)
      await letters.end({ durable: service, letter: seq }, { outcome: 'handled' })
    }
    expect((await list(service, { states: ['open'] })).map(({ seq }) => seq)).toEqual([open])
    await letters.end({ durable: service, letter: open }, { outcome: 'obsolete' })
    expect(await list(service, { states: ['open', 'replaying'] })).toEqual([])
    expect(await list(service, { before: open + 1 })).toMatchObject([{ seq: open, state: { kind: 'obsolete' } }])
  })

  it('passes over what is no letter', async () => {
    const service = ownService()
    const { seq } = await broker.js.publish(deadLetterSubject(service), 'nonsense')
    const kept = await add(service)
    const stored = await letters.get(kept)
    if (stored !== undefined) await letters.replay(stored)
    expect((await list(service)).map((letter) => letter.seq)).toEqual([kept])
    expect([await letters.get(seq), await letters.get(kept + 1), await letters.get(9_999_999)]).toEqual([
      undefined,
      undefined,
      undefined,
    ])
  })

  it('finds the message that a letter names while it is kept, and bounds what a letter says', async () => {
    const service = ownService()
    const sequence = await submit(service)
    expect((await letters.message({ stream: 'TASKS', sequence }))?.seq).toBe(sequence)
    expect(await letters.message({ stream: 'TASKS', sequence: 9_999_999 })).toBeUndefined()
    expect(await letters.message({ stream: 'NO_SUCH_STREAM', sequence: 1 })).toBeUndefined()
    const long = await letters.get(await add(service, { text: 'x'.repeat(10_000) }))
    expect(Buffer.byteLength(long?.letter.text ?? '')).toBeLessThanOrEqual(2048)
  })
})
