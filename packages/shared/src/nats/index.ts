export { type Broker, type BrokerLog, type BrokerOptions, connectBroker } from './connection/connection.ts'
export { type Durable, type DurableOptions, runDurable } from './durables/consumer.ts'
export { type DeadLetterQuery, type StoredDeadLetter } from './dead-letters/dead-letter-reading.ts'
export { createDeadLetters, type DeadLetters, type NewDeadLetter } from './dead-letters/dead-letters.ts'
export { type DocumentExpiry, expireDocuments } from './documents/document-expiry.ts'
export { openDocuments } from './documents/documents.ts'
export { BROKER_TUNING } from './embedded/embedded-process.ts'
export {
  type EmbeddedBroker,
  type EmbeddedBrokerOptions,
  findEmbeddedBroker,
  startEmbeddedBroker,
} from './embedded/embedded-broker.ts'
export { createLedger, type LedgerOptions } from './ledger/ledger.ts'
export {
  type DurablePlace,
  type LedgerFacts,
  noteDocuments,
  placeDurable,
  raiseGeneration,
  readDurables,
  readLedgerFacts,
} from './ledger/ledger-restore.ts'
export { createLogs } from './streams/logs.ts'
export { createNotices } from './streams/notices.ts'
export type * from './ports.ts'
export { createProgress } from './streams/progress.ts'
export { type BackedUpStream, BESIDES_LEDGER, exportStream, importStream, LEDGER } from './streams/stream-backup.ts'
export { declareTopology, type TopologyOptions } from './topology/topology.ts'
