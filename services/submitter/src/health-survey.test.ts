import { InstallationHealth, type ServiceHealth } from '@orchestrator/shared/contracts'
import { startTestBroker } from '@orchestrator/testing'
import { describe, expect, it } from 'vitest'
import { toInstallation } from './health-survey.ts'
import { startSubmitter, type SubmitterFixture } from './testing/submitter-fixture.ts'

const one = (service: string, change: Partial<ServiceHealth> = {}): ServiceHealth => ({
  service,
  replica: 'a',
  version: '1.0.0',
  startedAt: '2026-01-01T00:00:00.000Z',
  ready: true,
  broker: { address: '127.0.0.1:4222', version: '2.11.0', connected: true },
  checks: [],
  view: null,
  ...change,
})
const ALL = ['submitter', 'launcher', 'watcher', 'notifier'].map((service) => one(service))

describe('the health of an installation', () => {
  it.each<[string, readonly ServiceHealth[], object]>([
    ['ready when all are', ALL, { ready: true, missing: [] }],
    ['not ready when one is missing', ALL.slice(1), { ready: false, missing: ['submitter'] }],
    [
      'not ready when a replica is not',
      [...ALL, one('watcher', { replica: 'b', ready: false })],
      { ready: false, missing: [] },
    ],
  ])('is %s', (_, answers, wanted) => {
    expect(toInstallation(answers, 1)).toMatchObject(wanted)
  })

  it('names every replica once, in an order that stays, with how far its view is behind', () => {
    const [first, second] = [3, 9].map((sequence) =>
      one('submitter', { replica: String(sequence), view: { sequence, lag: null } }),
    )
    const { services } = toInstallation([...ALL, second ?? one('x'), first ?? one('x'), second ?? one('x')], 8)
    expect(services.map(({ service, replica, view }) => [service, replica, view?.lag])).toEqual([
      ['launcher', 'a', undefined],
      ['notifier', 'a', undefined],
      ['submitter', '3', 5],
      ['submitter', '9', 0],
      ['submitter', 'a', undefined],
      ['watcher', 'a', undefined],
    ])
  })
})

async function look(submitter: SubmitterFixture): Promise<InstallationHealth> {
  const response = await submitter.send('/v1/health')
  expect(response.status).toBe(200)
  return InstallationHealth.parse(await response.json())
}

describe('GET /v1/health', () => {
  it('tells of every replica that answers, and of an outage since when it was', { timeout: 60_000 }, async () => {
    await using broker = await startTestBroker()
    await using submitter = await startSubmitter({ brokerUrl: broker.url })
    await using other = await startSubmitter({ brokerUrl: broker.url })
    await submitter.ready()
    await other.ready()
    await submitter.submit({ service: 'trader', taskId: 1 })
    const address = new URL(broker.url).host
    await expect
      .poll(async () => await look(submitter))
      .toMatchObject({
        ready: false,
        missing: ['launcher', 'watcher', 'notifier'],
        services: [1, 2].map(() => ({
          service: 'submitter',
          ready: true,
          broker: { address },
          view: { sequence: 1, lag: 0 },
        })),
      })

    await broker.kill()
    await expect
      .poll(async () => await look(submitter))
      .toMatchObject({ services: [{ ready: false, broker: { connected: false } }] })
    const [service, ...none] = (await look(submitter)).services
    const check = service?.checks.find(({ name }) => name === 'broker')
    expect(none).toEqual([])
    expect(check).toMatchObject({
      state: 'disconnected',
      lastProblem: { text: 'disconnected', at: check?.since, endedAt: null },
    })
    expect(service?.view?.lag).toBeNull()
  })
})
