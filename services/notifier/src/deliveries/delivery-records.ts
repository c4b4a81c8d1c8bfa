import type { DeliveryDocument } from '@orchestrator/shared/contracts'
import { createKeyedQueue, hasCode } from '@orchestrator/shared/core'
import type { DocumentEntry, Documents } from '@orchestrator/shared/nats'

/** Documents remembered to spare the read before a write: those of some seconds at the highest rate. */
const REMEMBERED_MAX = 2000

export interface Change {
  readonly key: string
  /** What the document counts as while there is none; left out: then nothing is decided. */
  readonly absent?: DeliveryDocument
  /** Gives the document to write, or `undefined` to leave it. Called again when someone else was faster. */
  readonly decide: (document: DeliveryDocument) => DeliveryDocument | undefined
}

/** The bucket `deliveries` as this replica knows it: changes are made from memory and read only when refused. */
export interface DeliveryRecords {
  get(key: string): Promise<DeliveryDocument | undefined>
  /** The newest that this replica knows of; `undefined`: it would have to read. */
  known(key: string): DeliveryDocument | undefined
  /** @returns the document afterwards; `undefined` when there is none. @throws RetryableError BROKER_UNAVAILABLE */
  change(change: Change): Promise<DeliveryDocument | undefined>
  /** What a watch saw: older than what is known already, it changes nothing. */
  observe(entry: DocumentEntry<DeliveryDocument>): void
}

export function createDeliveryRecords(documents: Documents<DeliveryDocument>): DeliveryRecords {
  const known = new Map<string, DocumentEntry<DeliveryDocument>>()
  const queue = createKeyedQueue()

  const remember = (entry: DocumentEntry<DeliveryDocument>): void => {
    known.delete(entry.key)
    known.set(entry.key, entry)
    const oldest = known.size > REMEMBERED_MAX ? known.keys().next().value : undefined
    if (oldest !== undefined) known.delete(oldest)
  }

  const read = async (key: string): Promise<DocumentEntry<DeliveryDocument> | undefined> => {
    const entry = await documents.get(key)
    if (entry === undefined) known.delete(key)
    else remember(entry)
    return entry
  }

  const write = async (key: string, value: DeliveryDocument, revision: number | undefined): Promise<void> => {
    try {
      const written = revision === undefined ? documents.create(key, value) : documents.update(key, value, revision)
      remember({ key, value, revision: await written })
    } catch (error) {
      known.delete(key) // whether it was stored is open
      throw error
    }
  }

  const tryChange = async ({ key, absent, decide }: Change): Promise<DeliveryDocument | undefined> => {
    const entry = known.get(key) ?? (absent === undefined ? await read(key) : undefined)
    const before = entry?.value ?? absent
    const after = before === undefined ? undefined : decide(before)
    if (after === undefined) return entry?.value
    await write(key, after, entry?.revision)
    return after
  }

  const changeUntilAccepted = async (change: Change): Promise<DeliveryDocument | undefined> => {
    for (;;) {
      try {
        return await tryChange(change)
      } catch (error) {
        if (!hasCode(error, 'DOCUMENT_CONFLICT')) throw error
        await read(change.key)
      }
    }
  }

  return {
    known: (key) => known.get(key)?.value,
    get: async (key) => (known.get(key) ?? (await read(key)))?.value,
    change: async (change) => await queue.run(change.key, async () => await changeUntilAccepted(change)),
    observe: (entry) => {
      const mine = known.get(entry.key)
      if (mine !== undefined && mine.revision < entry.revision) remember(entry)
    },
  }
}
