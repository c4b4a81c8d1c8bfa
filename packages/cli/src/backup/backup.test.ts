import { appendFile, cp, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { taskSubject } from '@orchestrator/shared/contracts'
import { type Broker, createLedger, declareTopology, startEmbeddedBroker } from '@orchestrator/shared/nats'
import {
  natsServerBinary,
  sampleAttempt,
  silentLog,
  submittedEvent,
  type TemporaryDirectory,
  temporaryDirectory,
} from '@orchestrator/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Ran, run } from '../testing/run.ts'
import { takeStateDirectory } from '../up/state-directory.ts'
import { connectAs } from './installation-broker.ts'
import { restoreBackup } from './restore-backup.ts'
import { takeBackup } from './take-backup.ts'

const EVENTS = 40
const LEDGER_MAX_BYTES = 64 * 1024 * 1024
const brokerBinary = natsServerBinary()
const quiet = { brokerBinary, logger: silentLog, onProgress: () => undefined }
const { signal } = new AbortController()

let root: TemporaryDirectory
let origin: string
let backup: string

beforeAll(async () => {
  root = await temporaryDirectory()
  origin = join(root.path, 'origin')
  backup = join(root.path, 'backup')
  await withBroker(origin, async (broker) => {
    for (let id = 1; id <= EVENTS; id += 1) {
      const ref = sampleAttempt(String(id))
      await broker.js.publish(taskSubject(ref), JSON.stringify(submittedEvent(ref)))
    }
  })
  await mkdir(join(origin, 'archive/trader/master/1'), { recursive: true })
  await writeFile(join(origin, 'archive/trader/master/1/one.ndjson.gz'), 'a log')
  await writeFile(join(origin, 'machine-id'), 'machine-1\n')
  await takeBackup({ stateDirectory: origin, target: backup, withLogs: true, signal, ...quiet })
})

afterAll(async () => {
  await root[Symbol.asyncDispose]()
})

/** As `up` has it, without services. */
async function withBroker<T>(stateDirectory: string, work: (broker: Broker) => Promise<T>): Promise<T> {
  await using stack = new AsyncDisposableStack()
  await mkdir(stateDirectory, { recursive: true })
  const directory = join(stateDirectory, 'broker')
  const options = { ledgerMaxBytes: LEDGER_MAX_BYTES, logger: silentLog, signal }
  const broker = stack.use(await startEmbeddedBroker({ directory, binary: brokerBinary, ...options }))
  const connection = stack.use(await connectAs('test', broker, { logger: silentLog, signal }))
  await declareTopology(connection, { replicas: 1, ledgerMaxBytes: LEDGER_MAX_BYTES, signal })
  return await work(connection)
}

const orchestrator = async (...args: string[]): Promise<Ran> =>
  await run(args, { cwd: root.path, environment: { ORCHESTRATOR_NATS_SERVER: brokerBinary } })

/** A copy of the backup, which a test may damage. */
async function copyOfBackup(name: string): Promise<string> {
  const copy = join(root.path, name)
  await cp(backup, copy, { recursive: true })
  return copy
}

const refusal = (code: string, text: string): object => ({ code, message: expect.stringContaining(text) })
const restore = async (from: string, to: string, ended = signal) =>
  await restoreBackup({ backup: from, stateDirectory: join(root.path, to), signal: ended, ...quiet })
const namesIn = async (folder: string): Promise<string[]> => await readdir(folder).catch(() => [])

describe('backup and restore', () => {
  it('bring ledger, logs and the name of the place to another directory, where every later write is synced again', async () => {
    const ran = await orchestrator('restore', 'backup', '--state-dir', 'copy')
    expect(ran).toMatchObject({ code: 0, error: '' })
    expect(ran.out).toContain(`TASKS        ${EVENTS} messages`)
    expect(ran.out).toContain('orchestrator up --state-dir')
    const copy = join(root.path, 'copy')
    expect(await readFile(join(copy, 'archive/trader/master/1/one.ndjson.gz'), 'utf8')).toBe('a log')
    expect(await readFile(join(copy, 'machine-id'), 'utf8')).toBe('machine-1\n')
    const events = await withBroker(copy, async (broker) => {
      const ledger = await createLedger(broker)
      expect(ledger.generation).toBe(2)
      return await Array.fromAsync(ledger.scan({ signal }), ({ seq, event, time }) => ({ seq, event, time }))
    })
    const before = await withBroker(origin, async (broker) => {
      const ledger = await createLedger(broker)
      return await Array.fromAsync(ledger.scan({ signal }), ({ seq, event, time }) => ({ seq, event, time }))
    })
    expect(events).toEqual(before)
    expect(await readFile(join(copy, 'broker/nats-server.conf'), 'utf8')).toContain('sync_interval: always')
  })

  it('leave files that only their owner can read, and say what was written', async () => {
    const ran = await orchestrator('backup', 'folder/second', '--state-dir', 'origin', '-o', 'json')
    const written: unknown = JSON.parse(ran.out)
    expect(written).toMatchObject({
      folder: join(root.path, 'folder/second'),
      generation: 1,
      logs: { included: false, directory: join(origin, 'archive') },
      streams: expect.arrayContaining([
        expect.objectContaining({ name: 'TASKS', messages: EVENTS, lastSequence: EVENTS }),
      ]),
    })
    expect(await namesIn(join(root.path, 'folder'))).toEqual(['second'])
    for (const name of await namesIn(join(root.path, 'folder/second')))
      expect((await stat(join(root.path, 'folder/second', name))).mode & 0o777).toBe(0o600)
  })

  it('raise the generation above whatever ran in the workspaces since, for example after an earlier restore', async () => {
    const tasks = join(root.path, 'used/workspaces/workspace-trader/tasks')
    await mkdir(tasks, { recursive: true })
    await writeFile(join(tasks, 'epoch'), JSON.stringify({ generation: 4, sequence: 9 }))
    expect(await restore(backup, 'used')).toMatchObject({ generation: 5 })
  })

  it('take a name of the place only where there is none', async () => {
    await mkdir(join(root.path, 'named'))
    await writeFile(join(root.path, 'named/machine-id'), 'machine-2\n')
    await restore(backup, 'named')
    expect(await readFile(join(root.path, 'named/machine-id'), 'utf8')).toBe('machine-2\n')
  })
})

describe('a backup is refused', () => {
  it('where there is a folder already, or no installation', async () => {
    expect(await orchestrator('backup', 'backup', '--state-dir', 'origin')).toMatchObject({
      code: 2,
      error: expect.stringContaining('is there already: name a folder that is not'),
    })
    expect(await orchestrator('backup', 'new', '--state-dir', 'nowhere')).toMatchObject({
      code: 2,
      error: expect.stringContaining('holds no ledger'),
    })
    expect(await namesIn(join(root.path, 'nowhere'))).toEqual([])
  })

  it('and leaves nothing half when it is interrupted', async () => {
    const target = join(root.path, 'interrupted/backup')
    const interrupt = new AbortController()
    const options = { stateDirectory: origin, target, withLogs: true, signal: interrupt.signal, ...quiet }
    await expect(takeBackup({ ...options, onProgress: () => interrupt.abort() })).rejects.toThrow('aborted')
    expect(await namesIn(join(root.path, 'interrupted'))).toEqual([])
  })
})

describe('a restore is refused', () => {
  it('where a ledger is already', async () => {
    await expect(restore(backup, 'origin')).rejects.toMatchObject(
      refusal('INPUT_INVALID', 'never restored over another'),
    )
  })

  it('while an "up" has the directory, or the installation that was backed up still runs', async () => {
    await using _ = await takeStateDirectory(origin)
    await expect(restore(backup, 'origin')).rejects.toMatchObject({ code: 'BROKER_DIRECTORY_IN_USE' })
    await expect(restore(backup, 'drill')).rejects.toMatchObject(refusal('BROKER_DIRECTORY_IN_USE', 'stop it first'))
  })

  it.each([
    ['a file was changed', 'TASKS.ndjson.gz'],
    ['a log was changed', 'archive/trader/master/1/one.ndjson.gz'],
  ])('where %s', async (what, file) => {
    const damaged = await copyOfBackup(what.replaceAll(' ', '-'))
    await appendFile(join(damaged, file), 'x')
    await expect(restore(damaged, 'damaged')).rejects.toMatchObject(
      refusal('BACKUP_INVALID', 'is not as it was written'),
    )
    expect(await namesIn(join(root.path, 'damaged'))).not.toContain('broker')
  })

  it('where the format is of a newer release, or it is no backup at all', async () => {
    const newer = await copyOfBackup('newer')
    await writeFile(join(newer, 'manifest.json'), JSON.stringify({ v: 2 }))
    await expect(restore(newer, 'x')).rejects.toMatchObject(refusal('BACKUP_INVALID', 'upgrade, then restore'))
    await expect(restore(root.path, 'x')).rejects.toMatchObject(refusal('INPUT_INVALID', 'is no backup'))
  })

  it('and leaves nothing half when it is interrupted, nor what a killed one has left', async () => {
    const interrupt = new AbortController()
    const stateDirectory = join(root.path, 'cut')
    const options = { backup, stateDirectory, signal: interrupt.signal, ...quiet }
    const onProgress = (name: string): void => void (name === 'TASKS' && interrupt.abort())
    await expect(restoreBackup({ ...options, onProgress })).rejects.toThrow('aborted')
    expect(await namesIn(stateDirectory)).not.toContain('broker')
    expect(await namesIn(stateDirectory)).not.toContain('broker.restoring')
    await cp(join(origin, 'broker'), join(stateDirectory, 'broker.restoring'), { recursive: true })
    expect(await restore(backup, 'cut')).toMatchObject({ generation: 2 })
    expect(await namesIn(stateDirectory)).toContain('broker')
  })
})
