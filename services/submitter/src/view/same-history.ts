import type { Ledger, Progress } from '@orchestrator/shared/nats'
import type { ViewStore } from './store.ts'

export interface Streams {
  readonly ledger: Ledger
  readonly progress: Progress
}

/**
 * Compares what the view was filled from with what the broker holds now: after a restore, or beside another broker,
 * the same sequences mean other events.
 * @returns what differs, in words; undefined when the view may go on
 */
export async function findOtherHistory(
  store: ViewStore,
  streams: Streams,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { ledger, progress } = streams
  // Taken first: the view moves on while the broker is asked.
  const tasks = store.cursor('TASKS')
  const progressSeq = store.cursor('PROGRESS')?.seq ?? 0
  const [ledgerLast, progressLast] = await Promise.all([ledger.lastSeq(signal), progress.lastSeq(signal)])
  const origin = store.origin() ?? (tasks === undefined ? ledger : { generation: ledger.generation, views: 0 })
  if (origin.generation !== ledger.generation) return 'the ledger was restored'
  if (origin.views !== ledger.views) return 'a rebuild was ordered'
  if (tasks !== undefined && ledgerLast < tasks.seq) return 'the ledger is shorter than the view'
  if (progressLast < progressSeq) return 'the progress stream is shorter than the view'
  if (tasks === undefined) return undefined
  const stored = await ledger.get(tasks.seq, signal)
  return stored?.event.id === tasks.eventId ? undefined : 'the ledger holds other events than the view'
}
