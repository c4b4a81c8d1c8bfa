import { attemptsOfTask, type LedgerEvent, type TaskRef, taskSubject } from '@orchestrator/shared/contracts'
import type { Ledger, StoredEvent } from '@orchestrator/shared/nats'

/** More than this is read in several goes, so that a long silence does not fill the memory. */
const BATCH_MAX = 64

export interface TaskEventsQuery {
  readonly ledger: Pick<Ledger, 'scan'>
  readonly task: TaskRef
  readonly fromSeq: number
  readonly signal: AbortSignal
}

/** Everything that the ledger holds of a task, all attempts together, in the ledger's order. */
function scanTask({ ledger, task, fromSeq, signal }: TaskEventsQuery): AsyncIterable<StoredEvent<LedgerEvent>> {
  return ledger.scan({ subjects: [taskSubject(task), attemptsOfTask(task)], fromSeq, signal })
}

export async function readTask(query: TaskEventsQuery): Promise<readonly StoredEvent<LedgerEvent>[]> {
  return await Array.fromAsync(scanTask(query))
}

/** The oldest ones only. */
export async function readNextOfTask(query: TaskEventsQuery): Promise<readonly StoredEvent<LedgerEvent>[]> {
  const events: StoredEvent<LedgerEvent>[] = []
  for await (const event of scanTask(query)) {
    events.push(event)
    if (events.length === BATCH_MAX) break
  }
  return events
}
