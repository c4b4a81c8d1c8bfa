import { systemClock } from '@orchestrator/shared/core'
import type { Decision, Ledger } from '@orchestrator/shared/nats'
import { createLogger } from '@orchestrator/shared/service'
import { createTestClock, type TestClock } from '@orchestrator/testing'
import { describe, expect, it } from 'vitest'
import { EndWatch, type EndingLog, LOG_WAIT_MS } from './end-watch.ts'
import { CONFIRM_AFTER_MS, nextLookMs } from './next-look.ts'
import type { Observation, Observer } from './observers/port.ts'
import { resultRecord, startedAttempt } from './testing/attempts.ts'

const attempt = startedAttempt()
const gone: Observation = { kind: 'ended', neverLetGo: false, claimLost: false }
const withRecord: Observation = { ...gone, record: { record: resultRecord(), digest: 'd' } }

class Stage {
  readonly clock: TestClock = createTestClock()
  readonly published: unknown[] = []
  readonly ends: number[] = []
  observation: Observation = { kind: 'running' }
  looks = 0
  listed = true
  readonly log: EndingLog & { closed: EndingLog['closed'] }
  readonly closing = Promise.withResolvers<void>()
  readonly watch: EndWatch
  readonly running: Promise<void>
  done = false

  constructor() {
    const observer: Pick<Observer, 'look'> = {
      look: async () => {
        this.looks += 1
        return await Promise.resolve(this.observation)
      },
    }
    const ledger: Pick<Ledger, 'publish'> = {
      publish: async ({ subject, decide }) => {
        const decision: Decision<never> = (await decide({ subject, events: [], lastSeq: 1 })) as Decision<never>
        if (decision.kind === 'settled') return decision
        this.published.push(decision.event.data)
        return { kind: 'stored', stored: { seq: 2, subject, time: systemClock.now(), event: decision.event } }
      },
    }
    const closing = this.closing.promise
    this.log = { closed: undefined, whenClosed: closing, end: ({ lines }) => this.ends.push(lines) }
    this.watch = new EndWatch({
      attempt,
      observer: observer as Observer,
      ledger: ledger as Ledger,
      log: this.log,
      clock: this.clock,
      logger: createLogger({ name: 'test', level: 'silent' }),
      intervalMs: 30_000,
      listed: () => this.listed,
    })
    this.running = this.run()
  }

  async run(): Promise<void> {
    await this.watch.run(new AbortController().signal)
    this.done = true
  }

  /** Whoever works comes to rest first. */
  async advance(ms: number): Promise<void> {
    await this.clock.advance(0)
    await this.clock.advance(ms)
  }
}

describe('EndWatch', () => {
  it('looks at regular intervals, and more often when the end is near', async () => {
    const stage = new Stage()
    await stage.advance(60_000)
    expect(stage.looks).toBe(3)
    stage.watch.expectEnd()
    await stage.advance(40)
    expect(stage.looks).toBeGreaterThan(5)
    stage.observation = withRecord
    await stage.advance(80)
    expect(stage.ends).toEqual([3])
  })

  it('judges an absence twice', async () => {
    const stage = new Stage()
    await stage.advance(0)
    stage.observation = gone
    await stage.advance(30_000)
    expect([stage.looks, stage.ends]).toEqual([2, []])
    stage.observation = { kind: 'running' }
    await stage.advance(CONFIRM_AFTER_MS)
    stage.observation = gone
    await stage.advance(30_000)
    expect(stage.ends).toEqual([])
    await stage.advance(CONFIRM_AFTER_MS)
    expect(stage.ends).toEqual([0])
  })

  it('judges no absence before the runtime was listed', async () => {
    const stage = new Stage()
    stage.listed = false
    stage.observation = gone
    await stage.advance(30_000)
    await stage.advance(CONFIRM_AFTER_MS * 5)
    expect(stage.ends).toEqual([])
    stage.listed = true
    await stage.advance(CONFIRM_AFTER_MS * 2)
    expect(stage.ends).toEqual([0])
  })

  it('finishes as soon as the log is closed, with its counts', async () => {
    const stage = new Stage()
    stage.observation = withRecord
    await stage.advance(30_000)
    expect(stage.published).toEqual([])
    stage.log.closed = { lines: 3, gaps: 0 }
    stage.closing.resolve()
    await stage.running
    expect(stage.published).toMatchObject([{ phase: 'Succeeded', logs: { lines: 3, gaps: 0 } }])
  })

  it('waits for the log ten seconds from the end, not longer', async () => {
    const stage = new Stage()
    stage.observation = withRecord
    await stage.advance(30_000)
    await stage.advance(LOG_WAIT_MS - 1)
    expect(stage.published).toEqual([])
    await stage.advance(1)
    await stage.running
    expect(stage.published).toMatchObject([{ phase: 'Succeeded' }])
    expect(stage.published[0]).not.toHaveProperty('logs')
  })

  it('says nothing when somebody else has finished it, but still sees the end for the log', async () => {
    const stage = new Stage()
    stage.watch.finished()
    await stage.advance(30_000)
    expect(stage.done).toBe(false)
    stage.observation = withRecord
    await stage.advance(30_000)
    await stage.running
    expect([stage.published, stage.ends]).toEqual([[], [3]])
  })
})

describe('nextLookMs', () => {
  it('grows after a hint up to two seconds, and is never longer than the interval', () => {
    const hinted = (looksSinceHint: number | undefined, intervalMs = 30_000): number =>
      nextLookMs({ unconfirmed: false, looksSinceHint, intervalMs })
    expect([0, 1, 2, 40, 1000].map((looks) => hinted(looks))).toEqual([2, 2.5, 3.125, 2000, 2000])
    expect([hinted(undefined), hinted(1000, 100)]).toEqual([30_000, 100])
    expect(nextLookMs({ unconfirmed: true, looksSinceHint: 0, intervalMs: 100 })).toBe(100)
  })
})
