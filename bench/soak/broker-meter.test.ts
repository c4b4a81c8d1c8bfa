import { startTestBroker } from '@orchestrator/testing'
import { describe, expect, it } from 'vitest'
import { brokerMeter } from './broker-meter.ts'
import type { Sample } from './sampling.ts'

describe('brokerMeter', () => {
  it('sees what consumers that are left behind take: memory, and goroutines', async () => {
    await using server = await startTestBroker({ profiled: true })
    const meter = brokerMeter(server, { looks: 3, everyMs: 50 })
    const { jsm } = await server.connect('test')
    const before = await meter.takeSample()
    for (let i = 0; i < 100; i += 1) await jsm.consumers.add('TASKS', { durable_name: `left-${i}` })
    const after = await meter.takeSample()
    expect(grown(before, after, 'broker goroutines')).toBeGreaterThanOrEqual(100)
    expect(grown(before, after, 'broker heap')).toBeGreaterThan(0.5)
  })
})

function grown(before: Sample, after: Sample, name: string): number {
  return (after[name] ?? NaN) - (before[name] ?? NaN)
}
