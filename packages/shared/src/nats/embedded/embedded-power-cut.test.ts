/** What the broker of `up` has acknowledged survives a power cut: everything that the disk did not have yet is dropped. */
import { chmod, writeFile } from 'node:fs/promises'
import path from 'node:path'
import {
  sampleAttempt,
  silentLog,
  startPowerCutDisk,
  submittedEvent,
  temporaryDirectory,
  whyNoPowerCut,
} from '@orchestrator/testing'
import { describeOnVersions } from '@orchestrator/testing/vitest'
import { expect, it } from 'vitest'
import { LeaseDocument, type LogBatch, logSubject, newEventId, taskSubject } from '../../contracts/index.ts'
import { type Broker, connectBroker } from '../connection/connection.ts'
import { openDocuments } from '../documents/documents.ts'
import { createLedger } from '../ledger/ledger.ts'
import { createLogs } from '../streams/logs.ts'
import { declareTopology } from '../topology/topology.ts'
import { type EmbeddedBroker, startEmbeddedBroker } from './embedded-broker.ts'

const MIB = 1024 * 1024
const LEDGER_MAX_BYTES = 64 * MIB
/** More than the broker asks for at its start. */
const DISK_BYTES = 3 * 1024 * MIB
/** Acknowledgements of each kind before the power goes. */
const ENOUGH = 40
const { signal } = new AbortController()

const whyNot = await whyNoPowerCut()
if (whyNot !== undefined) {
  process.stderr.write(
    `skipped: power cuts of the embedded broker, which need root, mkfs.ext4 and loop devices (${whyNot})\n`,
  )
}

interface Acknowledged {
  readonly events: string[]
  readonly batches: number[]
  readonly documents: string[]
}

async function open(directory: string, binary: string): Promise<{ broker: EmbeddedBroker; connection: Broker }> {
  const broker = await startEmbeddedBroker({
    directory,
    binary,
    ledgerMaxBytes: LEDGER_MAX_BYTES,
    logger: silentLog,
    signal,
  })
  const { url, user, password } = broker
  const connection = await connectBroker({ servers: [url], name: 'test', user, password, logger: silentLog, signal })
  await declareTopology(connection, { replicas: 1, ledgerMaxBytes: LEDGER_MAX_BYTES, signal })
  return { broker, connection }
}

/** Repeats it until it fails, as everything does once the power is gone. */
async function untilItFails(step: (nth: number) => Promise<void>): Promise<void> {
  try {
    for (let nth = 1; ; nth += 1) await step(nth)
  } catch {
    // The power is gone.
  }
}

const batch = (first: number): LogBatch => ({
  head: { v: 1, submittedId: 's', first, last: first, count: 1, gaps: [] },
  lines: [JSON.stringify({ seq: first })],
})
const LOG = logSubject({ service: 'trader', tag: 'master', taskId: '1', n: 1 })
const lease: LeaseDocument = { v: 1, holder: 'me', beat: 0 }

/** Submits, log batches and documents, all at once, until the power goes; keeps what was acknowledged. */
async function write(connection: Broker, acknowledged: Acknowledged): Promise<void> {
  const ledger = await createLedger(connection)
  const logs = createLogs(connection)
  const leases = await openDocuments(connection, 'leases', LeaseDocument)
  const submit = (task: number) => async (nth: number) => {
    const ref = sampleAttempt(String(task), nth)
    const event = submittedEvent(ref, { id: newEventId() })
    const decide = () => ({ kind: 'publish', event, expectedSeq: 0 }) as const
    const subject = taskSubject(sampleAttempt(`${task}.${nth}`))
    const published = await ledger.publish({ subject, eventId: event.id, optimistic: decide(), decide, signal })
    if (published.kind === 'stored') acknowledged.events.push(event.id)
  }
  let last = 0
  await Promise.all([
    ...[1, 2, 3, 4].map((task) => untilItFails(submit(task))),
    untilItFails(async (nth) => {
      last = (await logs.publish(LOG, batch(nth), last)).seq
      acknowledged.batches.push(nth)
    }),
    untilItFails(async (nth) => {
      await leases.create(`key.${nth}`, lease)
      acknowledged.documents.push(`key.${nth}`)
    }),
  ])
}

async function read(connection: Broker): Promise<Acknowledged> {
  const ledger = await createLedger(connection)
  const events = await Array.fromAsync(ledger.scan({ signal }), ({ event }) => event.id)
  const stored = createLogs(connection).read({ subject: LOG, fromLine: 1, follow: false, signal })
  const batches = await Array.fromAsync(stored, ({ head }) => head.first)
  const documents = (await (await openDocuments(connection, 'leases', LeaseDocument)).list()).map(({ key }) => key)
  return { events, batches, documents }
}

/** @returns what was acknowledged before the cut and is not there after it */
async function lostByPowerCut(binary: string): Promise<Acknowledged> {
  await using disk = await startPowerCutDisk({ bytes: DISK_BYTES })
  const directory = path.join(disk.path, 'broker')
  const acknowledged: Acknowledged = { events: [], batches: [], documents: [] }
  {
    const { broker, connection } = await open(directory, binary)
    const writing = write(connection, acknowledged)
    await expect
      .poll(() => Math.min(...Object.values(acknowledged).map(({ length }) => length)), { timeout: 60_000 })
      .toBeGreaterThan(ENOUGH)
    await disk.cut(broker.pid)
    await connection[Symbol.asyncDispose]()
    await writing
    await broker.exited
  }
  const { broker, connection } = await open(directory, binary)
  await using stack = new AsyncDisposableStack()
  stack.use(broker)
  stack.use(connection)
  const left = await read(connection)
  return {
    events: acknowledged.events.filter((id) => !left.events.includes(id)),
    batches: acknowledged.batches.filter((nth) => !left.batches.includes(nth)),
    documents: acknowledged.documents.filter((key) => !left.documents.includes(key)),
  }
}

/** The same server, told to sync as it does by default. */
async function syncingSeldom(binary: string, directory: string): Promise<string> {
  const file = path.join(directory, 'nats-server')
  const script = [
    '#!/bin/sh',
    `[ "$1" = --version ] || sed -i 's/sync_interval: always/sync_interval: "2m"/' "$2"`,
    `exec '${binary}' "$@"`,
  ]
  await writeFile(file, script.join('\n'))
  await chmod(file, 0o755)
  return file
}

describeOnVersions('a power cut', (binary) => {
  it.skipIf(whyNot !== undefined)('takes nothing that was acknowledged', { timeout: 120_000 }, async () => {
    expect(await lostByPowerCut(binary)).toEqual({ events: [], batches: [], documents: [] })
  })

  it.skipIf(whyNot !== undefined)('takes it where writes are not synced', { timeout: 120_000 }, async () => {
    await using directory = await temporaryDirectory()
    const lost = await lostByPowerCut(await syncingSeldom(binary, directory.path))
    expect(lost.events.length).toBeGreaterThan(ENOUGH)
  })
})
