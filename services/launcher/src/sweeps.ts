/** What timers put right, whatever was lost: workspaces nobody looked at, workloads nobody let go, slots nobody uses. */
import { attemptSubject, taskSubject, type WorkspaceDocument } from '@orchestrator/shared/contracts'
import { describeError, hasCode } from '@orchestrator/shared/core'
import { readAttempt } from './memory/attempt-history.ts'
import { returnStale } from './reconcile/grant-workspace.ts'
import { isOurs } from './reconcile/observe.ts'
import type { UnstartedWorkload } from './runtimes/port.ts'
import type { World } from './world.ts'

/** Services whose workspace has something in it, oldest waiting first. */
export async function servicesToLookAt({ workspaces }: Pick<World, 'workspaces'>): Promise<readonly string[]> {
  const documents = (await workspaces.list()).map(({ value }) => value)
  const busy = documents.filter(
    ({ grant, entries, overflowAfter }) => grant !== null || entries.length > 0 || overflowAfter !== null,
  )
  return busy.toSorted((a, b) => firstSequence(a) - firstSequence(b)).map(({ service }) => service)
}

function firstSequence({ grant, entries }: WorkspaceDocument): number {
  return grant?.sequence ?? entries[0]?.sequence ?? 0
}

/** Slots held for nothing go back. @returns their keys */
export async function sweepSlots(world: Pick<World, 'slots' | 'workspaces' | 'logger'>): Promise<readonly string[]> {
  const returned: string[] = []
  for (const [service, held] of Map.groupBy(await world.slots.list(), ({ value }) => value.service)) {
    await unlessUnreadable(world, { service }, async () => void returned.push(...(await returnStale(world, held))))
  }
  return returned
}

/** What a newer release wrote, or nobody can read, is left alone, and does not keep a sweep from the rest. */
async function unlessUnreadable(
  { logger }: Pick<World, 'logger'>,
  about: object,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (!hasCode(error, 'EVENT_TOO_NEW') && !hasCode(error, 'EVENT_UNREADABLE')) throw error
    logger.warn({ ...about, problem: describeError(error) }, 'left out of a sweep')
  }
}

export type SweepVerdict =
  | { readonly kind: 'keep' }
  | { readonly kind: 'remove' }
  | { readonly kind: 'discard'; readonly uids: readonly string[] }

export interface SweepFacts {
  /** The ledger holds the `task.submitted` that the workload carries. */
  readonly submitted: boolean
  readonly finished: boolean
  readonly startedUid: string | undefined
  /** Another machine has its workload: nothing of it will ever be let go here. */
  readonly startedElsewhere: boolean
}

export function judgeUnstarted({ heldUids }: Pick<UnstartedWorkload, 'heldUids'>, facts: SweepFacts): SweepVerdict {
  if (facts.startedElsewhere) return { kind: 'remove' }
  if (facts.startedUid !== undefined) {
    const uids = heldUids.filter((uid) => uid !== facts.startedUid)
    return uids.length === 0 ? { kind: 'keep' } : { kind: 'discard', uids }
  }
  return facts.finished || !facts.submitted ? { kind: 'remove' } : { kind: 'keep' }
}

/** Workloads that are ours and held, and that nobody will ever let go. */
export async function sweepUnstarted(
  world: Pick<World, 'ledger' | 'runtime' | 'logger'>,
  signal: AbortSignal,
): Promise<void> {
  for (const workload of await world.runtime.listUnstarted()) {
    await unlessUnreadable(world, { attempt: workload.name }, () => sweepOne(world, workload, signal))
  }
}

async function sweepOne(
  world: Pick<World, 'ledger' | 'runtime' | 'logger'>,
  workload: UnstartedWorkload,
  signal: AbortSignal,
): Promise<void> {
  const verdict = judgeUnstarted(workload, await factsOf(world, workload, signal))
  if (verdict.kind === 'keep') return
  world.logger.info({ attempt: workload.name, verdict: verdict.kind }, 'held workload swept')
  if (verdict.kind === 'remove') await world.runtime.remove(workload)
  else for (const uid of verdict.uids) await world.runtime.discard(workload, uid)
}

async function factsOf(
  { ledger, runtime }: Pick<World, 'ledger' | 'runtime'>,
  workload: UnstartedWorkload,
  signal: AbortSignal,
): Promise<SweepFacts> {
  const { spec } = workload.attempt
  const { events } = await ledger.read(taskSubject(spec), signal)
  const { started, finished } = readAttempt(await ledger.read(attemptSubject(spec), signal))
  return {
    submitted: events.some(({ event }) => event.id === workload.submittedId),
    finished: finished !== undefined,
    startedUid: started?.data.workloadUid,
    startedElsewhere: started !== undefined && !isOurs(runtime, started),
  }
}
