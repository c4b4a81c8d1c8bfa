import {
  type Grant,
  type ServiceName,
  type WorkspaceDocument,
  type WorkspaceHolder,
  workspaceSubject,
  type WorkspaceView,
} from '@orchestrator/shared/contracts'
import type { Documents, Ledger } from '@orchestrator/shared/nats'
import type { ViewQueries } from '../view/queries.ts'
import { type AttemptRow, phaseOf } from '../view/rows.ts'
import { findRelease, toReleaseView } from './workspace-history.ts'
import { toWorkspaceView } from './workspace-view.ts'

export interface WorkspacesDependencies {
  readonly ledger: Pick<Ledger, 'get' | 'read'>
  readonly documents: Pick<Documents<WorkspaceDocument>, 'get' | 'list'>
  readonly queries: () => Pick<ViewQueries, 'attemptByName' | 'isServiceKnown' | 'liveOfService'>
}

/** Who has which workspace, and who waits: the launcher's documents, with what the ledger says of the attempts in them. */
export interface Workspaces {
  /** @returns undefined for a service that has never had an attempt */
  one(service: ServiceName, signal: AbortSignal): Promise<WorkspaceView | undefined>
  /** Those that have a document, by name of the service. */
  list(signal: AbortSignal): Promise<readonly WorkspaceView[]>
}

export function createWorkspaces({ ledger, documents, queries }: WorkspacesDependencies): Workspaces {
  const workload = async (row: AttemptRow | undefined, signal: AbortSignal): Promise<WorkspaceHolder['workload']> => {
    const seq = row?.started_seq ?? null
    const event = seq === null ? undefined : (await ledger.get(seq, signal))?.event
    if (event?.type !== 'attempt.started') return null
    const { workloadUid: uid, runtime, location } = event.data
    return { uid, runtime, location }
  }

  const released = async (
    service: ServiceName,
    uid: string,
    signal: AbortSignal,
  ): Promise<WorkspaceHolder['released']> => {
    const { events } = await ledger.read(workspaceSubject(service), signal)
    const word = findRelease(events, uid)
    return word === undefined ? null : toReleaseView(word)
  }

  const holder = async (grant: Grant, signal: AbortSignal): Promise<WorkspaceHolder> => {
    const { service, tag, taskId, n, name, agent } = grant
    const row = queries().attemptByName(name)
    const known = await workload(row, signal)
    const finishedAt = row?.finished_at?.toISOString() ?? null
    return {
      attempt: name,
      service,
      tag,
      taskId,
      n,
      agent,
      phase: row === undefined ? 'Submitted' : phaseOf(row),
      workload: known,
      startedAt: row?.started_at?.toISOString() ?? null,
      finishedAt,
      released: known !== null && finishedAt !== null ? await released(service, known.uid, signal) : null,
    }
  }

  const view = async (document: WorkspaceDocument, signal: AbortSignal): Promise<WorkspaceView> => {
    const { service, grant, entries, overflowAfter } = document
    const submittedAt = (name: string): string | null =>
      queries().attemptByName(name)?.submitted_at.toISOString() ?? null
    return toWorkspaceView({
      service,
      holder: grant === null ? null : await holder(grant, signal),
      waiting: entries.map((entry) => ({ entry, submittedAt: submittedAt(entry.name) })),
      moreWaiting: overflowAfter !== null,
      unnoted: 0,
    })
  }

  return {
    one: async (service, signal) => {
      const document = await documents.get(service)
      if (document !== undefined) return await view(document.value, signal)
      if (!queries().isServiceKnown(service, Number.MAX_SAFE_INTEGER)) return undefined
      const unnoted = queries().liveOfService(service)
      return toWorkspaceView({ service, holder: null, waiting: [], moreWaiting: unnoted > 0, unnoted })
    },
    list: async (signal) => {
      const found = (await documents.list()).map(({ value }) => value)
      const views = await Promise.all(found.map((document) => view(document, signal)))
      return views.toSorted((a, b) => (a.service < b.service ? -1 : 1))
    },
  }
}
