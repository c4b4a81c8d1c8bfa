import { mkdir } from 'node:fs/promises'
import type { AttemptFile } from '@orchestrator/shared/contracts'
import type { Clock } from '@orchestrator/shared/core'
import type { Git } from '@orchestrator/shared/git'
import type { Redaction } from '../lines/redaction.ts'
import type { LineLog, TargetState, Tenancy, Workspace } from '../ports.ts'
import type { Remotes } from '../remotes.ts'
import { readChanges } from './changes.ts'
import { checkOutClean, removeLeftCheckouts } from './checkout.ts'
import { commitLeftovers } from './commit-leftovers.ts'
import { chooseTools, refillDocuments } from './documents.ts'
import { conflict, reportingFullDisk } from './folders.ts'
import { layFiles } from './lay-files.ts'
import { layoutOf } from './layout.ts'
import { createMirror } from './mirror.ts'
import { refreshPlatformRepository } from './platform-repository.ts'
import { preflight } from './preflight.ts'
import { prepareTarget } from './prepare-target.ts'
import { pushBranch } from './push.ts'
import { createRecorder } from './recorder.ts'
import { openRepository } from './repository.ts'
import type { TargetContext } from './target-context.ts'

export interface WorkspaceDependencies {
  readonly attempt: AttemptFile
  /** Git with credentials: only for what each remote is asked or told, never in `target-repo/`. */
  readonly remotes: Remotes
  /** Git without any credential: used where the agent may have written. */
  readonly localGit: Git
  readonly log: LineLog
  /** Absolute path outside the workspace: the runner's own bare clones, and clean checkouts for the gates. */
  readonly pushDirectory: string
  /** Ends the work of the whole runner. Not the wish to stop: after that there is still work to commit and push. */
  readonly signal: AbortSignal
  readonly tenancy: Tenancy
  /** For what is kept of a repository beside it. */
  readonly redaction: Redaction
  readonly clock: Clock
}

export function createWorkspace(dependencies: WorkspaceDependencies): Workspace {
  const { attempt, remotes, pushDirectory, signal, tenancy } = dependencies
  const context = createContext(dependencies)
  const { layout, mirror, recorder } = context
  let state: TargetState | undefined
  const startSha = (): string | undefined => state?.startSha
  return {
    preflight: () => reportingFullDisk(() => preflight({ ...context, remotes, pushDirectory })),
    prepareDocuments: () =>
      reportingFullDisk(async () => {
        await tenancy.assertCurrent()
        const evidenceDirectory = tenancy.attemptDirectory
        await refreshPlatformRepository({
          git: remotes.platform,
          localGit: context.localGit,
          directory: layout.platform,
          remote: attempt.spec.platform,
          evidenceDirectory,
          redaction: context.redaction,
          recorder,
          signal,
        })
        const tools = await chooseTools({ attempt, layout, recorder })
        return { ...(await refillDocuments({ attempt, layout, recorder })), tools }
      }),
    prepareTarget: () =>
      reportingFullDisk(async () => {
        await mkdir(pushDirectory, { recursive: true })
        await removeLeftCheckouts(layout.checkoutPrefix)
        state = await prepareTarget(context)
        return state
      }),
    layFiles: (files) => reportingFullDisk(() => layFiles({ attempt, layout, recorder, tenancy }, files)),
    commitLeftovers: (message) => reportingFullDisk(() => commitLeftovers(context, { message, startSha: startSha() })),
    push: () => reportingFullDisk(() => pushBranch({ ...context, startSha: startSha() })),
    changes: () =>
      reportingFullDisk(async () => {
        if (state === undefined) throw conflict('the changes of an attempt are known once its repository was prepared')
        return await readChanges({ ...context, startSha: state.startSha }, state.baseSha)
      }),
    checkout: (sha) =>
      reportingFullDisk(() =>
        checkOutClean({ git: context.localGit, mirror, prefix: layout.checkoutPrefix, recorder, signal }, sha),
      ),
    get gitOperations() {
      return recorder.operations
    },
  }
}

function createContext({
  attempt,
  clock,
  remotes,
  localGit,
  log,
  pushDirectory,
  redaction,
  signal,
  tenancy,
}: WorkspaceDependencies): TargetContext {
  const layout = layoutOf(attempt, pushDirectory)
  const recorder = createRecorder({ log, clock, signal })
  return {
    attempt,
    layout,
    localGit,
    mirror: createMirror({
      git: remotes.target,
      localGit,
      directory: layout.mirror,
      remote: attempt.spec.repository,
      recorder,
      signal,
    }),
    target: openRepository({ git: localGit, directory: layout.target, bare: false, signal }),
    recorder,
    tenancy,
    redaction,
    signal,
  }
}
