import { startTestBroker, type TestBroker } from '@orchestrator/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { HEALTH_SUBJECT, ServiceHealth } from '../contracts/index.ts'
import { systemClock } from '../core/index.ts'
import { createNotices } from '../nats/index.ts'
import { healthOf } from './app.ts'
import { createHealthRecord, reportHealth } from './health-report.ts'

const at = (second: number): string => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString()

describe('what is known of a check', () => {
  it('is since when it is so, and what was wrong last', () => {
    let second = 0
    const record = createHealthRecord({ now: () => new Date(at(second)) })
    const look = (state: string, later: number): unknown => {
      second += later
      record.note({ broker: state })
      return record.checks()[0]
    }
    expect(look('ok', 0)).toEqual({ name: 'broker', state: 'ok', since: at(0), lastProblem: null })
    expect(look('ok', 5)).toMatchObject({ since: at(0), lastProblem: null })
    expect(look('disconnected', 5)).toMatchObject({ state: 'disconnected', since: at(10) })
    expect(look('refused', 5)).toEqual({
      name: 'broker',
      state: 'refused',
      since: at(10),
      lastProblem: { text: 'refused', at: at(10), endedAt: null },
    })
    const over = { text: 'refused', at: at(10), endedAt: at(20) }
    expect(look('ok', 5)).toEqual({ name: 'broker', state: 'ok', since: at(20), lastProblem: over })
    expect(look('ok', 5)).toMatchObject({ since: at(20), lastProblem: over })
  })
})

describe('the report of a service', () => {
  let broker: TestBroker
  beforeAll(async () => {
    broker = await startTestBroker()
  })
  afterAll(async () => {
    await broker[Symbol.asyncDispose]()
  })

  it('is told to whoever asks over the broker, without what it is connected with', async () => {
    const connection = await broker.connect('launcher')
    const asking = createNotices(await broker.connect('submitter'))
    const ask = async (): Promise<readonly unknown[]> => await asking.gather(HEALTH_SUBJECT, {}, 300)
    const about = { service: 'launcher', replica: 'one', version: '1.0.0', broker: connection, clock: systemClock }
    const health = () => healthOf({ broker: 'ok', messages: 'the consumer is lost' })
    {
      using report = reportHealth({ ...about, health, viewSequence: () => 7 })
      await expect.poll(async () => (await ask()).length).toBe(1)
      const [told] = (await ask()).map((answer) => ServiceHealth.parse(answer))
      expect(told).toMatchObject({
        service: 'launcher',
        ready: false,
        broker: { address: new URL(broker.url).host, connected: true },
        checks: [
          { name: 'broker', state: 'ok' },
          { name: 'messages', state: 'the consumer is lost' },
        ],
        view: { sequence: 7, lag: null },
      })
      expect(report.detail()).toMatchObject({ startedAt: told?.startedAt })
    }
    expect(await ask()).toEqual([])
  })
})
