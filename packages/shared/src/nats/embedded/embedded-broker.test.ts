import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { natsServerBinary, silentLog, temporaryDirectory } from '@orchestrator/testing'
import { describe, expect, it } from 'vitest'
import { connectBroker } from '../connection/connection.ts'
import { createLedger } from '../ledger/ledger.ts'
import { declareTopology } from '../topology/topology.ts'
import { type EmbeddedBroker, type EmbeddedBrokerOptions, startEmbeddedBroker, startUnder } from './embedded-broker.ts'
import { hasFlock } from './embedded-process.ts'

const { signal } = new AbortController()
const withFlock = await hasFlock()
const MIB = 1024 * 1024

function optionsFor(directory: string, changes: Partial<EmbeddedBrokerOptions> = {}): EmbeddedBrokerOptions {
  return { directory, binary: natsServerBinary(), ledgerMaxBytes: 64 * MIB, logger: silentLog, signal, ...changes }
}

const connect = ({ url, user, password }: Pick<EmbeddedBroker, 'url' | 'user' | 'password'>) =>
  connectBroker({ servers: [url], name: 'test', user, password, logger: silentLog, signal })

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** A starter in a process of its own: it prints its broker's pid and waits to be killed. */
async function startElsewhere(directory: string): Promise<{ readonly starter: ChildProcess; readonly pid: number }> {
  const script = `
    const { startEmbeddedBroker } = await import(${JSON.stringify(path.join(import.meta.dirname, 'embedded-broker.ts'))})
    const log = { info() {}, warn() {}, error() {} }
    const options = { directory: process.argv[1], binary: process.argv[2], ledgerMaxBytes: ${64 * MIB}, logger: log, signal: new AbortController().signal }
    const broker = await startEmbeddedBroker(options)
    console.log(broker.pid)
    setInterval(() => {}, 1000)
  `
  const args = ['--input-type=module', '--eval', script, directory, natsServerBinary()]
  const starter = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line]: [Buffer] = await new Promise((resolve) =>
    starter.stdout.once('data', (data: Buffer) => resolve([data])),
  )
  return { starter, pid: Number(line.toString()) }
}

describe('startEmbeddedBroker', () => {
  it('runs on loopback with a password of its own, holds the topology, and is gone when disposed', async () => {
    await using directory = await temporaryDirectory()
    const broker = await startEmbeddedBroker(optionsFor(path.join(directory.path, 'broker')))
    expect(broker).toMatchObject({ adopted: false, url: expect.stringMatching(/^nats:\/\/127\.0\.0\.1:\d+$/) })
    {
      await using connection = await connect(broker)
      await declareTopology(connection, { replicas: 1, ledgerMaxBytes: 64 * MIB, signal })
      await connection.js.publish('task.trader.master.1', 'x')
      await expect(connection.jsm.streams.delete('TASKS')).rejects.toThrow(/permission/i)
      await expect(connection.jsm.streams.purge('TASKS')).rejects.toThrow(/permission/i)
      await expect(connection.jsm.streams.deleteMessage('TASKS', 1)).rejects.toThrow(/permission/i)
      expect(await (await createLedger(connection)).lastSeq(signal)).toBe(1)
    }
    await expect(connect({ ...broker, password: 'wrong' })).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
    const { mode } = await stat(path.join(directory.path, 'broker', 'credentials.json'))
    expect(mode & 0o777).toBe(0o600)
    await broker[Symbol.asyncDispose]()
    await expect.poll(() => isAlive(broker.pid)).toBe(false)
    await broker.exited
  })

  it('keeps what it holds, and its password, from one run to the next', async () => {
    await using directory = await temporaryDirectory()
    const options = optionsFor(directory.path)
    const passwords: string[] = []
    for (let run = 0; run < 2; run += 1) {
      await using broker = await startEmbeddedBroker(options)
      await using connection = await connect(broker)
      await declareTopology(connection, { replicas: 1, ledgerMaxBytes: 64 * MIB, signal })
      const { seq } = await connection.js.publish('task.trader.master.1', 'x')
      expect(seq).toBe(run + 1)
      passwords.push(broker.password)
    }
    expect(passwords[0]).toBe(passwords[1])
  })

  it.runIf(withFlock)('lets exactly one of several starters start it; the others adopt', async () => {
    await using directory = await temporaryDirectory()
    const brokers = await Promise.all(Array.from({ length: 4 }, () => startEmbeddedBroker(optionsFor(directory.path))))
    expect(brokers.filter(({ adopted }) => !adopted)).toHaveLength(1)
    expect(new Set(brokers.map(({ pid }) => pid)).size).toBe(1)
    await Promise.all(brokers.map((broker) => broker[Symbol.asyncDispose]()))
    await expect.poll(() => isAlive(brokers[0]?.pid ?? 0)).toBe(false)
  })

  it('outlives the kill of its starter and is adopted by the next one, which stops it', async () => {
    await using directory = await temporaryDirectory()
    const { starter, pid } = await startElsewhere(directory.path)
    starter.kill('SIGKILL')
    await once(starter, 'exit')
    expect(isAlive(pid)).toBe(true)
    {
      await using broker = await startEmbeddedBroker(optionsFor(directory.path))
      expect(broker).toMatchObject({ adopted: true, pid })
    }
    await expect
      .poll(async () =>
        readFile(`/proc/${pid}/stat`, 'utf8').then(
          (text) => / Z /.test(text),
          () => true,
        ),
      )
      .toBe(true)
  })

  it('starts anew after the broker itself was killed', async () => {
    await using directory = await temporaryDirectory()
    const first = await startEmbeddedBroker(optionsFor(directory.path))
    process.kill(first.pid, 'SIGKILL')
    await first.exited
    const port = Number(new URL(first.url).port)
    await using second = await startEmbeddedBroker(optionsFor(directory.path, { port }))
    expect(second).toMatchObject({ adopted: false, url: first.url })
    expect(second.pid).not.toBe(first.pid)
  })

  it.runIf(withFlock)(
    'refuses a directory whose lock somebody holds who is no broker of ours, naming the process',
    async () => {
      await using directory = await temporaryDirectory()
      const holder = spawn('/usr/bin/env', ['flock', path.join(directory.path, 'lock'), 'sleep', '60'], {
        stdio: 'ignore',
        detached: true,
      })
      try {
        await expect.poll(() => readFile('/proc/locks', 'utf8')).toContain(` ${holder.pid} `)
        const starting = startEmbeddedBroker(optionsFor(directory.path))
        await expect(starting).rejects.toMatchObject({
          code: 'BROKER_DIRECTORY_IN_USE',
          message: expect.stringContaining(`process ${holder.pid}`),
        })
      } finally {
        process.kill(-(holder.pid ?? 0), 'SIGKILL')
        await once(holder, 'exit')
      }
    },
    30_000,
  )

  it('refuses a broker that runs there with another password', async () => {
    await using directory = await temporaryDirectory()
    await using broker = await startEmbeddedBroker(optionsFor(directory.path))
    const credentials = path.join(directory.path, 'credentials.json')
    const real = await readFile(credentials, 'utf8')
    await writeFile(credentials, JSON.stringify({ user: broker.user, password: 'other' }))
    await expect(startEmbeddedBroker(optionsFor(directory.path))).rejects.toMatchObject({
      code: 'BROKER_DIRECTORY_IN_USE',
      details: { pid: broker.pid },
    })
    await writeFile(credentials, real)
  })

  it('adopts by the ports file where there is no flock(1)', async () => {
    await using directory = await temporaryDirectory()
    await using first = await startUnder(optionsFor(directory.path), { flock: false })
    const second = await startUnder(optionsFor(directory.path), { flock: false })
    expect([first.adopted, second.adopted, second.pid]).toEqual([false, true, first.pid])
  })

  it('says what is wrong with the binary, the disk or the start', async () => {
    await using directory = await temporaryDirectory()
    const missing = optionsFor(directory.path, { binary: path.join(directory.path, 'nothing') })
    await expect(startEmbeddedBroker(missing)).rejects.toMatchObject({ code: 'SET_UP_INCOMPLETE' })
    const old = path.join(directory.path, 'old-server')
    await writeFile(old, '#!/bin/sh\necho "nats-server: v2.10.26"\n')
    await chmod(old, 0o755)
    await expect(startEmbeddedBroker(optionsFor(directory.path, { binary: old }))).rejects.toMatchObject({
      code: 'BROKER_UNSUITABLE',
      message: expect.stringContaining('2.10.26'),
    })
    const huge = optionsFor(directory.path, { ledgerMaxBytes: 2 ** 52 })
    await expect(startEmbeddedBroker(huge)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('LEDGER_MAX_BYTES'),
    })
    await mkdir(path.join(directory.path, 'taken'))
    await using first = await startEmbeddedBroker(optionsFor(path.join(directory.path, 'first')))
    const taken = optionsFor(path.join(directory.path, 'taken'), { port: Number(new URL(first.url).port) })
    await expect(startEmbeddedBroker(taken)).rejects.toMatchObject({
      code: 'BROKER_UNAVAILABLE',
      message: expect.stringMatching(/in use/),
    })
  }, 20_000)
})
