import { LOG_BATCH_MS, type LogBatch } from '@orchestrator/shared/contracts'
import { createLogger } from '@orchestrator/shared/service'
import { createTestClock } from '@orchestrator/testing'
import { describe, expect, it } from 'vitest'
import { ProgressTeller } from '../progress/progress-teller.ts'
import { lineText, startedAttempt } from '../testing/attempts.ts'
import { MemoryLog, MemorySource } from '../testing/memory-log.ts'
import { Turns } from '../turns.ts'
import { CLOSE_WITHIN_MS, LogFollower } from './log-follower.ts'
import { LogShipper } from './log-shipper.ts'

const attempt = startedAttempt()

class Stage {
  readonly clock = createTestClock()
  readonly log = new MemoryLog()
  readonly source = new MemorySource()
  readonly lease = { held: true }
  readonly told: unknown[] = []
  readonly follower: LogFollower
  done = false

  constructor() {
    const { clock, log, source, lease } = this
    const logger = createLogger({ name: 'test', level: 'silent' })
    const progress = {
      publish: async (_subject: string, event: { data: unknown }) => {
        this.told.push(event.data)
        return await Promise.resolve()
      },
    }
    const teller = new ProgressTeller({ attempt, progress, clock, logger })
    const shipper = new LogShipper({
      logs: log.logs,
      subject: 's',
      submittedId: attempt.submittedId,
      source,
      capBytes: 1024 * 1024,
      isNew: false,
      notedLine: () => Promise.resolve(0),
      onLine: ({ value }) => teller.see(value),
    })
    this.follower = new LogFollower({ shipper, teller, lease, turns: new Turns(1), clock, logger, intervalMs: 30_000 })
  }

  async start(): Promise<void> {
    void this.run()
    await this.advance(0)
  }

  async run(): Promise<void> {
    await this.follower.run(new AbortController().signal)
    this.done = true
  }

  async write(first: number, last: number): Promise<void> {
    for (let n = first; n <= last; n += 1) this.source.append(`${lineText(n)}\n`)
    this.follower.wake()
    await this.advance(0)
  }

  /** Whoever works comes to rest first. */
  async advance(ms: number): Promise<void> {
    for (let i = 0; i < 5; i += 1) await this.clock.advance(0)
    await this.clock.advance(ms)
    for (let i = 0; i < 5; i += 1) await this.clock.advance(0)
  }

  get heads(): LogBatch['head'][] {
    return this.log.batches.map(({ batch }) => batch.head)
  }

  get lastLine(): number | undefined {
    return this.heads.at(-1)?.last
  }
}

describe('LogFollower', () => {
  it('ships the first line at once, and gives the next ones time to fill a batch', async () => {
    const stage = new Stage()
    await stage.start()
    await stage.advance(LOG_BATCH_MS)
    await stage.write(1, 1)
    expect(stage.lastLine).toBe(1)
    await stage.write(2, 3)
    await stage.write(4, 5)
    await stage.advance(LOG_BATCH_MS - 1)
    expect(stage.lastLine).toBe(1)
    await stage.advance(1)
    expect(stage.heads.map(({ first, last }) => [first, last])).toEqual([
      [1, 1],
      [2, 5],
    ])
  })

  it('closes at once when the end is seen, however little time has passed', async () => {
    const stage = new Stage()
    await stage.start()
    await stage.write(1, 3)
    stage.follower.end({ lines: 3 })
    await stage.advance(0)
    expect(stage.heads.at(-1)).toMatchObject({ closing: { lines: 3, gaps: 0 } })
    await stage.follower.whenClosed
    expect([stage.done, stage.follower.closed]).toEqual([true, { lines: 3, gaps: 0 }])
  })

  it('tells progress without any news of the log when that is due', async () => {
    const stage = new Stage()
    await stage.start()
    await stage.advance(LOG_BATCH_MS)
    await stage.write(1, 1)
    await stage.advance(LOG_BATCH_MS)
    await stage.write(2, 2)
    expect(stage.told).toHaveLength(1)
    await stage.advance(2000)
    expect(stage.told).toHaveLength(2)
    expect(stage.told.at(-1)).toMatchObject({ lastText: 'line 2', line: 2 })
  })

  it('leaves the log to the holder of the lease, and takes it over with the lease', async () => {
    const stage = new Stage()
    stage.lease.held = false
    await stage.start()
    await stage.write(1, 3)
    await stage.advance(60_000)
    expect([stage.heads, stage.told]).toEqual([[], []])
    stage.lease.held = true
    stage.follower.wake()
    await stage.advance(LOG_BATCH_MS)
    expect(stage.lastLine).toBe(3)
  })

  it('closes the log for a holder that does not, a second after the end', async () => {
    const stage = new Stage()
    stage.lease.held = false
    await stage.start()
    await stage.write(1, 3)
    stage.follower.end({ lines: 3 })
    await stage.advance(999)
    expect(stage.heads).toEqual([])
    await stage.advance(1)
    expect(stage.follower.closed).toEqual({ lines: 3, gaps: 0 })
  })

  it('sees that the holder has closed it', async () => {
    const stage = new Stage()
    stage.lease.held = false
    await stage.start()
    const closing = { lines: 3, gaps: 1 }
    const head = { v: 1, submittedId: attempt.submittedId, first: 5, last: 4, count: 0, gaps: [], closing } as const
    stage.log.store({ head: { ...head, gaps: [] }, lines: [] })
    stage.follower.end({ lines: 3 })
    await stage.advance(0)
    expect([stage.done, stage.follower.closed]).toEqual([true, closing])
  })

  it('tries again while the broker is away, and gives up an hour after the end', async () => {
    const stage = new Stage()
    stage.log.weather = () => 'unreachable'
    await stage.start()
    await stage.write(1, 3)
    await stage.advance(60_000)
    stage.log.weather = () => 'fine'
    await stage.advance(6000)
    expect(stage.lastLine).toBe(3)
    stage.log.weather = () => 'unreachable'
    stage.follower.end({ lines: 3 })
    await stage.advance(CLOSE_WITHIN_MS - 10_000)
    expect(stage.done).toBe(false)
    await stage.advance(20_000)
    expect([stage.done, stage.follower.closed]).toEqual([true, undefined])
  })
})
