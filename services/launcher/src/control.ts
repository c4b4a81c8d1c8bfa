import {
  CONTROL_SUBJECTS,
  DocumentsOrder,
  type DocumentsReport,
  RebuildNotice,
  type RebuildReport,
} from '@orchestrator/shared/contracts'
import { describeError } from '@orchestrator/shared/core'
import type { Ledger, Notices } from '@orchestrator/shared/nats'
import { rebuildDocuments, type RebuildWorld } from './rebuild/rebuild-documents.ts'
import { servicesToLookAt } from './sweeps.ts'
import type { World } from './world.ts'

export interface ControlDependencies {
  readonly world: World
  readonly documents: Pick<RebuildWorld, 'workspaces' | 'slots' | 'branches'>
  readonly ledger: Pick<Ledger, 'views'>
  readonly notices: Notices
}

const NOTHING = { workspaces: 0, slots: 0, branches: 0 }

/** What people order: to say again where attempts stand, and, one launcher for all, to make the documents again. */
export function answerControl({ world, documents, ledger, notices }: ControlDependencies): AsyncDisposable {
  const { logger } = world
  const stop = new AbortController()
  let report: DocumentsReport | undefined
  let running: Promise<void> = Promise.resolve()

  const sayAgain = async (): Promise<void> => {
    world.branches.forgetAll()
    world.workspaces.forgetAll()
    world.progress.sayAgain()
    for (const service of await servicesToLookAt(world)) world.wake(service)
  }

  const make = async (id: string): Promise<void> => {
    const begun: DocumentsReport = { id, state: 'running', sequence: 0, of: 0, written: NOTHING, problem: null }
    report = begun
    try {
      const onProgress = (progress: Pick<DocumentsReport, 'sequence' | 'of' | 'written'>): void => {
        report = { ...begun, ...progress }
      }
      const written = await rebuildDocuments({ world: { ...world, ...documents }, onProgress, signal: stop.signal })
      // Every launcher has claims in memory that may be others by now.
      await notices.tell(CONTROL_SUBJECTS.rebuild, { views: ledger.views })
      report = { ...report, written, state: 'done' }
      logger.info({ written }, 'documents made again')
    } catch (error) {
      report = { ...report, state: 'failed', problem: describeError(error) }
      logger.warn({ problem: describeError(error) }, 'documents not made again')
    }
  }

  const listening = new DisposableStack()
  listening.use(
    notices.listen(CONTROL_SUBJECTS.rebuild, (message) => {
      RebuildNotice.parse(message)
      sayAgain().catch((error: unknown) => logger.warn({ err: error }, 'where attempts stand was not said again'))
    }),
  )
  listening.use(
    notices.listen(
      CONTROL_SUBJECTS.documents,
      (message) => {
        const { id } = DocumentsOrder.parse(message)
        // One that is at work is joined.
        if (report?.state !== 'running') running = make(id)
        return report
      },
      { queue: 'launcher' },
    ),
  )
  listening.use(
    notices.listen(CONTROL_SUBJECTS.report, () =>
      report === undefined ? undefined : ({ kind: 'documents', documents: report } satisfies RebuildReport),
    ),
  )
  return {
    [Symbol.asyncDispose]: async () => {
      listening.dispose()
      stop.abort(new DOMException('the launcher stops', 'AbortError'))
      await running
    },
  }
}
