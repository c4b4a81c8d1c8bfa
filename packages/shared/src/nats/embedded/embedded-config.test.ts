import { describe, expect, it } from 'vitest'
import { neededBytes } from '../topology/topology-streams.ts'
import { accountBytes, renderBrokerConfig, serverName } from './embedded-config.ts'

const config = {
  serverName: serverName('/home/someone/state'),
  port: -1,
  portsDirectory: '/home/someone/state/run',
  storeDirectory: '/home/some "one"/back\\slash',
  synced: true,
  maxStorageBytes: 123,
  user: 'orchestrator',
  password: 'secret',
}

describe('renderBrokerConfig', () => {
  it('listens on loopback, syncs every write, bounds the account and keeps the ledger from being deleted', () => {
    const text = renderBrokerConfig(config)
    expect(text).toContain('host: "127.0.0.1"')
    expect(text).toContain('sync_interval: always')
    expect(text).toContain('max_file: 123')
    expect(text).toContain(
      'deny: ["$JS.API.STREAM.DELETE.TASKS", "$JS.API.STREAM.PURGE.TASKS", "$JS.API.STREAM.MSG.DELETE.TASKS"]',
    )
  })

  it('syncs nothing by itself where its store is thrown away unless it is completed', () => {
    expect(renderBrokerConfig({ ...config, synced: false })).not.toContain('sync_interval')
  })

  it('tells how it is to whoever has the password, in an account that stores nothing', () => {
    const text = renderBrokerConfig(config)
    expect(text).toContain('SYSTEM: { users: [{ user: "SYSTEM", password: "secret" }] }')
    expect(text).toContain('system_account: SYSTEM')
  })

  it('quotes paths', () => {
    expect(renderBrokerConfig(config)).toContain(String.raw`store_dir: "/home/some \"one\"/back\\slash"`)
    expect(() => renderBrokerConfig({ ...config, storeDirectory: '/a\nhost: 0.0.0.0' })).toThrow(/control character/)
  })

  it('allows the account all that the topology needs', () => {
    expect(accountBytes(1000)).toBeGreaterThan(neededBytes({ ledgerMaxBytes: 1000, replicas: 1 }))
  })

  it('names a server after its directory', () => {
    expect(serverName('/a')).toMatch(/^orchestrator-[a-z2-7]{12}$/)
    expect(serverName('/a')).not.toBe(serverName('/b'))
  })
})
