export { type Broker, type BrokerLog, type BrokerOptions, connectBroker } from './connection.ts'
export { type Durable, type DurableOptions, runDurable } from './consumer.ts'
export { type DeadLetterQuery, type StoredDeadLetter } from './dead-letter-reading.ts'
export { createDeadLetters, type DeadLetters, type NewDeadLetter } from './dead-letters.ts'
export { type DocumentExpiry, expireDocuments } from './document-expiry.ts'
export { openDocuments } from './documents.ts'
export { BROKER_TUNING } from './embedded-process.ts'
export {
  type EmbeddedBroker,
  type EmbeddedBrokerOptions,
  findEmbeddedBroker,
  startEmbeddedBroker,
} from './embedded-broker.ts'
export { createLedger, type LedgerOptions } from './ledger.ts'
export {
  type DurablePlace,
  type LedgerFacts,
  noteDocuments,
  placeDurable,
  raiseGeneration,
  readDurables,
  readLedgerFacts,
} from './ledger-restore.ts'
export { createLogs } from './logs.ts'
export { createNotices } from './notices.ts'
export type * from './ports.ts'
export { createProgress } from './progress.ts'
export { type BackedUpStream, BESIDES_LEDGER, exportStream, importStream, LEDGER } from './stream-backup.ts'
export { declareTopology, type TopologyOptions } from './topology.ts'
