import { startTestBroker } from '@orchestrator/testing'
import { expect, it } from 'vitest'
import { countStored } from './broker-store.ts'

it('counts messages of each stream, and consumers of all', async () => {
  await using server = await startTestBroker()
  const broker = await server.connect('test')
  expect(await countStored(broker)).toMatchObject({ 'messages in TASKS': 0, 'broker consumers': 0 })
  for (const key of ['a', 'b']) await broker.js.publish(`$KV.slots.${key}`, '{}')
  await broker.jsm.consumers.add('TASKS', { durable_name: 'left' })
  expect(await countStored(broker)).toMatchObject({
    'messages in TASKS': 0,
    'messages in KV_slots': 2,
    'broker consumers': 1,
  })
})
