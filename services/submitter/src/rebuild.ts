import {
  CONTROL_SUBJECTS,
  DocumentsReport,
  type RebuildAnswer,
  RebuildNotice,
  RebuildReport,
  type RebuildStatus,
  type ViewReport,
} from '@orchestrator/shared/contracts'
import { RetryableError } from '@orchestrator/shared/core'
import type { Ledger, Notices } from '@orchestrator/shared/nats'
import type { View } from './view/view.ts'

export interface RebuildDependencies {
  readonly ledger: Pick<Ledger, 'outdateViews' | 'views' | 'lastSeq'>
  readonly notices: Notices
  readonly view: Pick<View, 'current' | 'filling' | 'makeAnew'>
  /** Of this replica. */
  readonly replica: string
  readonly newId: () => string
}

/** Has the views of all submitters made again from the ledger, and the documents of the launchers where that is wanted. */
export interface Rebuild extends Disposable {
  /** @throws RetryableError BROKER_UNAVAILABLE, RUNTIME_UNAVAILABLE when no launcher answers */
  order(wanted: { readonly documents: boolean }, signal: AbortSignal): Promise<RebuildAnswer>
  /** Asks everybody who is there. @throws RetryableError BROKER_UNAVAILABLE */
  status(asked: Partial<RebuildAnswer>): Promise<RebuildStatus>
}

/** Enough for everybody on one network; who is slower is counted at the next question. */
const ANSWER_MS = 400
const LAUNCHER_ANSWER_MS = 1000

/**
 * The number of the rebuild is kept with the ledger, and each view keeps the one that it was begun under: whoever misses
 * the notice, or is killed before it has acted on it, makes its view anew when it next starts or reconnects.
 */
export function createRebuild(dependencies: RebuildDependencies): Rebuild {
  const { ledger, notices, view, replica, newId } = dependencies
  const report = (): ViewReport => {
    const { views = null, sequence, of } = view.filling
    return { replica, views, current: view.current, sequence, of }
  }
  const listening = new DisposableStack()
  listening.use(
    notices.listen(CONTROL_SUBJECTS.rebuild, (message) => view.makeAnew(RebuildNotice.parse(message).views)),
  )
  listening.use(
    notices.listen(CONTROL_SUBJECTS.report, () => ({ kind: 'view', view: report() }) satisfies RebuildReport),
  )

  const orderDocuments = async (): Promise<string> => {
    const answers = await notices.gather(CONTROL_SUBJECTS.documents, { id: newId() }, LAUNCHER_ANSWER_MS)
    const [begun] = answers.flatMap((answer) => DocumentsReport.safeParse(answer).data ?? [])
    if (begun !== undefined) return begun.id
    throw new RetryableError(
      'RUNTIME_UNAVAILABLE',
      'no launcher answers, and only a launcher makes documents again: start one',
    )
  }

  const orderViews = async (signal: AbortSignal): Promise<number> => {
    await ledger.lastSeq(signal)
    // One that is at work is joined.
    const isUnderWay = !view.current && view.filling.views === ledger.views && ledger.views > 0
    const views = isUnderWay ? ledger.views : await ledger.outdateViews(signal)
    await notices.tell(CONTROL_SUBJECTS.rebuild, { views })
    view.makeAnew(views)
    return views
  }

  return {
    order: async (wanted, signal) => {
      const documents = wanted.documents ? await orderDocuments() : null
      return { views: await orderViews(signal), documents }
    },
    status: async ({ views: number = 0, documents: id = null }) => {
      const reports = (await notices.gather(CONTROL_SUBJECTS.report, {}, ANSWER_MS)).flatMap(
        (answer) => RebuildReport.safeParse(answer).data ?? [],
      )
      const others = reports.flatMap((answer) => (answer.kind === 'view' ? [answer.view] : []))
      // One's own answer may be late as well, while the view is filled.
      const views = [report(), ...others.filter((other) => other.replica !== replica)]
      const documents =
        reports
          .flatMap((answer) => (answer.kind === 'documents' ? [answer.documents] : []))
          .find((one) => one.id === id) ?? null
      const areViewsDone = views.every(({ current, views: own }) => current && (own ?? 0) >= number)
      const done = areViewsDone && (id === null || (documents !== null && documents.state !== 'running'))
      return { done, views: views.toSorted((a, b) => (a.replica < b.replica ? -1 : 1)), documents }
    },
    [Symbol.dispose]: () => listening.dispose(),
  }
}
