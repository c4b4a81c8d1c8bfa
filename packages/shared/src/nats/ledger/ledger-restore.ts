/** What a restored ledger has beside its messages: a generation of its own, and services that go on where they were. */
import { AckPolicy, type ConsumerInfo, DeliverPolicy } from '@nats-io/jetstream'
import { TerminalError } from '../../core/index.ts'
import { ask } from '../connection/broker-errors.ts'
import type { Broker } from '../connection/connection.ts'
import {
  DEFAULT_LEDGER_MAX_BYTES,
  DOCUMENTS_KEY,
  GENERATION_KEY,
  LEDGER_MAX_BYTES_KEY,
  TASKS,
} from '../topology/topology-streams.ts'

export interface LedgerFacts {
  readonly generation: number
  /** The generation that the documents of the launchers are of: a lower one after a restore. */
  readonly documents: number
  readonly ledgerMaxBytes: number
  readonly firstSequence: number
  readonly lastSequence: number
  readonly messages: number
}

/** @throws RetryableError BROKER_UNAVAILABLE */
export async function readLedgerFacts(broker: Broker): Promise<LedgerFacts> {
  const { config, state } = await ask(broker, 'asking for the ledger', () => broker.jsm.streams.info(TASKS))
  return {
    generation: Number(config.metadata?.[GENERATION_KEY] ?? 1),
    documents: Number(config.metadata?.[DOCUMENTS_KEY] ?? 1),
    ledgerMaxBytes: Number(config.metadata?.[LEDGER_MAX_BYTES_KEY] ?? DEFAULT_LEDGER_MAX_BYTES),
    firstSequence: state.first_seq,
    lastSequence: state.last_seq,
    messages: state.messages,
  }
}

/** Names and folders of attempts, epochs and the ids of events name it: nothing of an earlier ledger is taken for this one's. */
export async function raiseGeneration(broker: Broker, generation: number): Promise<void> {
  await note(broker, GENERATION_KEY, generation)
  const facts = await readLedgerFacts(broker)
  if (facts.generation !== generation)
    throw new TerminalError('BROKER_UNSUITABLE', `the broker did not take generation ${generation} of the ledger`)
}

/** The documents of the launchers are of this generation now. */
export async function noteDocuments(broker: Broker, generation: number): Promise<void> {
  await note(broker, DOCUMENTS_KEY, generation)
}

async function note(broker: Broker, key: string, value: number): Promise<void> {
  const { config } = await ask(broker, 'asking for the ledger', () => broker.jsm.streams.info(TASKS))
  const metadata = { ...config.metadata, [key]: String(value) }
  await ask(broker, `noting ${key}`, () => broker.jsm.streams.update(TASKS, { metadata }))
}

/** A durable of the ledger, and the first sequence that it has not handled yet. */
export interface DurablePlace {
  readonly name: string
  readonly next: number
  readonly subjects: readonly string[]
}

/** @throws RetryableError BROKER_UNAVAILABLE */
export async function readDurables(broker: Broker): Promise<readonly DurablePlace[]> {
  const infos = await ask(broker, 'asking for the durables', async () => {
    const found: ConsumerInfo[] = []
    for await (const info of broker.jsm.consumers.list(TASKS)) found.push(info)
    return found
  })
  return infos.flatMap(({ config, ack_floor }) => {
    const { durable_name: name, filter_subjects: subjects = [], filter_subject: subject } = config
    if (name === undefined) return []
    return [{ name, next: ack_floor.stream_seq + 1, subjects: subject === undefined ? subjects : [subject] }]
  })
}

/** Before the service comes, which then declares the rest: what was told once is not told again. */
export async function placeDurable(broker: Broker, { name, next, subjects }: DurablePlace): Promise<void> {
  await ask(broker, `declaring the durable ${name}`, () =>
    broker.jsm.consumers.add(TASKS, {
      durable_name: name,
      ack_policy: AckPolicy.Explicit,
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: next,
      ...(subjects.length > 0 && { filter_subjects: [...subjects] }),
    }),
  )
}
