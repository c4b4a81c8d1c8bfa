import { describe, expect, it } from 'vitest'
import { startTestCluster } from './cluster.ts'

describe('startTestCluster', () => {
  it('holds three copies of every stream, knows who leads one, and keeps what it holds through a crash of all', async () => {
    await using cluster = await startTestCluster()
    const broker = await cluster.connect('test')
    await broker.js.publish('task.trader.master.1', 'kept')
    const { config, cluster: state } = await broker.jsm.streams.info('TASKS')
    expect(config.num_replicas).toBe(3)
    expect(await cluster.leaderOf('TASKS')).toMatchObject({ name: state?.leader })
    await cluster.restart()
    await cluster.leaderOf('TASKS')
    await expect.poll(async () => (await broker.jsm.streams.info('TASKS')).state.messages).toBe(1)
  })
})
