import { headers, type MsgHdrs } from '@nats-io/nats-core'
import { silentLog, startTestBroker } from '@orchestrator/testing'
import { describeOnBrokers, describeOnVersions } from '@orchestrator/testing/vitest'
import { expect, it } from 'vitest'
import { LeaseDocument } from '../../contracts/index.ts'
import type { Broker } from '../connection/connection.ts'
import type { RepairableDocuments } from '../ports.ts'
import { openDocuments } from './documents.ts'

let broker: Broker
let leases: RepairableDocuments<LeaseDocument>
const lease = (holder: string, beat = 0): LeaseDocument => ({ v: 1, holder, beat })
const warnings: object[] = []

function removal(operation: 'DEL' | 'PURGE'): MsgHdrs {
  const removing = headers()
  removing.set('KV-Operation', operation)
  return removing
}

const describeOnEach = describeOnBrokers(async (server) => {
  broker = await server.connect('test', { logger: { ...silentLog, warn: (details) => warnings.push(details) } })
  leases = await openDocuments(broker, 'leases', LeaseDocument)
})

describeOnEach('documents', () => {
  it('creates once, updates at the revision that was read, and removes', async () => {
    const first = await leases.create('a.1', lease('me'))
    await expect(leases.create('a.1', lease('you'))).rejects.toMatchObject({
      code: 'DOCUMENT_CONFLICT',
      retryable: true,
    })
    const second = await leases.update('a.1', lease('me', 1), first)
    await expect(leases.update('a.1', lease('you'), first)).rejects.toMatchObject({ code: 'DOCUMENT_CONFLICT' })
    expect(await leases.get('a.1')).toEqual({ key: 'a.1', value: lease('me', 1), revision: second })
    await expect(leases.remove('a.1', first)).rejects.toMatchObject({ code: 'DOCUMENT_CONFLICT' })
    await leases.remove('a.1', second)
    expect(await leases.get('a.1')).toBeUndefined()
    expect(await leases.create('a.1', lease('again'))).toBeGreaterThan(second)
  })

  it.each(['', '.a', 'a.', 'a..b', 'a.*', 'a.>', 'a b', 'a\r\nb'])('never writes under %j', async (key) => {
    await expect(leases.create(key, lease('me'))).rejects.toMatchObject({ code: 'INPUT_INVALID', retryable: false })
  })

  it('refuses to create what is there, and creates what was removed, however it was removed', async () => {
    await broker.js.publish('$KV.leases.gone', '')
    await expect(leases.create('gone', lease('me'))).rejects.toMatchObject({ code: 'DOCUMENT_CONFLICT' })
    const { seq } = await broker.js.publish('$KV.leases.gone', '', { headers: removal('PURGE') })
    expect(await leases.create('gone', lease('me'))).toBe(seq + 1)
  })

  it('watches what it wrote itself without reading it again, and what others wrote as it is', async () => {
    const others = await openDocuments(broker, 'leases', LeaseDocument)
    const stop = new AbortController()
    const seen: (LeaseDocument | undefined)[] = []
    const watching = (async () => {
      for await (const { value } of leases.watch(stop.signal, 'own.*')) seen.push(value)
    })()
    await others.create('own.1', lease('other'))
    await expect.poll(() => seen).toEqual([lease('other')])
    const mine = lease('me')
    const revision = await leases.create('own.2', mine)
    await expect.poll(() => seen).toHaveLength(2)
    await others.update('own.2', mine, revision)
    await expect.poll(() => seen).toHaveLength(3)
    stop.abort()
    await watching
    expect(seen[1]).toBe(mine)
    expect(seen[2]).toEqual(mine)
    expect(seen[2]).not.toBe(mine)
  })

  it('lets exactly one of many creators win', async () => {
    const tries = await Promise.allSettled(Array.from({ length: 20 }, (_, i) => leases.create('race', lease(`w${i}`))))
    expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })

  it('lists by filter, without what was removed', async () => {
    for (const key of ['list.x.1', 'list.x.2', 'list.y.1']) await leases.create(key, lease(key))
    const removed = await leases.get('list.x.2')
    await leases.remove('list.x.2', removed?.revision ?? 0)
    expect((await leases.list('list.x.*')).map(({ key }) => key)).toEqual(['list.x.1'])
    expect((await leases.list('list.>')).map(({ key }) => key)).toEqual(['list.x.1', 'list.y.1'])
    expect(await leases.list('nothing.*')).toEqual([])
  })

  it('lists every document, also those that are written at that very moment', async () => {
    const keys = ['moving.1', 'moving.2', 'moving.3']
    for (const key of keys) await leases.create(key, lease(key))
    const listed = new AbortController()
    const move = async (key: string): Promise<void> => {
      let revision = (await leases.get(key))?.revision ?? 0
      for (let beat = 1; !listed.signal.aborted; beat += 1)
        revision = await leases.update(key, lease(key, beat), revision)
    }
    const moving = Promise.all(keys.map(move))
    const lists: string[][] = []
    for (let i = 0; i < 40; i += 1) lists.push((await leases.list('moving.*')).map(({ key }) => key).toSorted())
    listed.abort()
    await moving
    for (const found of lists) expect(found).toEqual(keys)
  })

  it('keeps fields that it does not know', async () => {
    const { seq: revision } = await broker.js.publish('$KV.leases.open', '{"v":1,"holder":"x","beat":1,"later":[1]}')
    const read = await leases.get('open')
    expect(read?.value).toMatchObject({ later: [1] })
    await leases.update('open', { ...(read?.value ?? lease('')), beat: 2 }, revision)
    expect((await leases.get('open'))?.value).toEqual({ v: 1, holder: 'x', beat: 2, later: [1] })
  })

  it('leaves a document of a newer release alone, and does not let it hide the others', async () => {
    await broker.js.publish('$KV.leases.new.1', '{"v":2,"who":"x"}')
    await leases.create('new.2', lease('old'))
    await expect(leases.get('new.1')).rejects.toMatchObject({ code: 'EVENT_TOO_NEW', retryable: true })
    await broker.js.publish('$KV.leases.new.3', '{"v":1,"holder":5}')
    await expect(leases.get('new.3')).rejects.toMatchObject({ code: 'EVENT_UNREADABLE' })
    expect((await leases.list('new.*')).map(({ key }) => key)).toEqual(['new.2'])
    expect(warnings).toContainEqual({ bucket: 'leases', key: 'new.1', code: 'EVENT_TOO_NEW' })
    const unreadable = await leases.unreadable()
    const keys = unreadable.map(({ key, newer }) => [key, newer])
    expect(keys).toEqual([
      ['new.1', true],
      ['new.3', false],
    ])
    await leases.update('new.3', lease('repaired'), unreadable[1]?.revision ?? 0)
    expect((await leases.unreadable()).map(({ key }) => key)).toEqual(['new.1'])
  })
})

describeOnVersions('a broker of its own', (binary) => {
  it('watches what is there, then every change, across a crash of the broker', async () => {
    await using crashing = await startTestBroker({ binary })
    const own = await crashing.connect('watcher')
    const documents = await openDocuments(own, 'leases', LeaseDocument)
    const first = await documents.create('w.1', lease('a'))
    const stop = new AbortController()
    const seen: unknown[] = []
    const watching = (async () => {
      for await (const { key, value } of documents.watch(stop.signal, 'w.*')) seen.push([key, value?.beat ?? 'removed'])
    })()
    await expect.poll(() => seen).toEqual([['w.1', 0]])
    const second = await documents.update('w.1', lease('a', 1), first)
    await expect.poll(() => seen).toHaveLength(2)
    await crashing.restart()
    await expect.poll(() => own.connected).toBe(true)
    await documents.remove('w.1', second)
    await expect
      .poll(() => seen)
      .toEqual([
        ['w.1', 0],
        ['w.1', 1],
        ['w.1', 'removed'],
      ])
    stop.abort()
    await watching
  })
})
