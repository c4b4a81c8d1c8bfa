import { startTestBroker } from '@orchestrator/testing'
import { describe, expect, it } from 'vitest'
import { LeaseDocument } from '../../contracts/index.ts'
import { expireDocuments } from './document-expiry.ts'
import { openDocuments } from './documents.ts'

const { signal } = new AbortController()
const lease = (holder: string, beat = 0): LeaseDocument => ({ v: 1, holder, beat })

describe('expireDocuments', () => {
  it('lets go of what nobody has written for long, and of nothing else', async () => {
    await using server = await startTestBroker()
    const broker = await server.connect('test')
    const documents = await openDocuments(broker, 'leases', LeaseDocument)
    for (const key of ['a.old', 'a.kept', 'a.written', 'other']) await documents.create(key, lease(key))
    await documents.remove('a.removed', await documents.create('a.removed', lease('gone')))
    await broker.js.publish('$KV.leases.a.newer', '{"v":2}')
    const written = await documents.get('a.written')
    const expire = (): Promise<number> =>
      expireDocuments(broker, {
        bucket: 'leases',
        schema: LeaseDocument,
        filter: 'a.*',
        maxAgeMs: 300,
        mayGo: ({ holder }) => holder !== 'a.kept',
        signal,
      })
    expect(await expire()).toBe(0)
    let revision = written?.revision ?? 0
    await expect
      .poll(async () => {
        revision = await documents.update('a.written', lease('a.written', 1), revision)
        return await expire()
      })
      .toBe(2)
    const keys = (await documents.list()).map(({ key }) => key)
    expect(keys.toSorted()).toEqual(['a.kept', 'a.written', 'other'])
    const { state } = await broker.jsm.streams.info('KV_leases', { subjects_filter: '$KV.leases.a.*' })
    expect(Object.keys(state.subjects ?? {}).toSorted()).toEqual(
      ['kept', 'newer', 'written'].map((key) => `$KV.leases.a.${key}`),
    )
    // As if it had never been: whoever remembers it is refused, and a new one can be made.
    await expect(documents.update('a.old', lease('late'), 1)).rejects.toMatchObject({ code: 'DOCUMENT_CONFLICT' })
    await documents.create('a.old', lease('again'))
  })
})
