import { type Broker, noteDocuments, readLedgerFacts } from '@orchestrator/shared/nats'
import { rebuildDocuments, type RebuildWorld } from './rebuild-documents.ts'

export interface AfterRestore {
  readonly broker: Broker
  readonly world: RebuildWorld
  readonly signal: AbortSignal
}

/**
 * A restored ledger comes without documents, because they say who has a workspace *now*: they are made from it before
 * anything is launched, or a workspace would look free in which something may still run.
 * @throws as {@link rebuildDocuments}
 */
export async function rebuildAfterRestore({ broker, world, signal }: AfterRestore): Promise<void> {
  const { generation, documents } = await readLedgerFacts(broker)
  if (documents >= generation) return
  world.logger.info({ generation }, 'the ledger was restored: the documents are made from it')
  const written = await rebuildDocuments({ world, onProgress: () => undefined, signal })
  await noteDocuments(broker, generation)
  world.logger.info({ generation, written }, 'documents made again')
}
