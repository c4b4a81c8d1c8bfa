import { describe, expect, it } from 'vitest'
import { startTestBroker } from './broker.ts'

describe('startTestBroker', () => {
  it('starts a broker with the topology declared, and keeps port and store through a crash', async () => {
    await using server = await startTestBroker()
    const broker = await server.connect('test')
    await broker.js.publish('task.trader.master.1', 'kept')
    await server.kill()
    await server.restart()
    await expect.poll(() => broker.connected).toBe(true)
    const info = await broker.jsm.streams.info('TASKS')
    expect(info.state.messages).toBe(1)
  })
})
