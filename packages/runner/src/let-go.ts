/** The composition of a runner that was let go. */
import { resolve } from 'node:path'
import { MARKER_VARIABLE } from '@orchestrator/shared/contracts'
import { createGit, removeLeftPrivateFiles } from '@orchestrator/shared/git'
import type { ProcessTable } from '@orchestrator/shared/process'
import { createAgent } from './agents/index.ts'
import { startDeadline } from './control/limits.ts'
import { createSaving } from './control/saving.ts'
import { waitForStopFile } from './control/stop-requests.ts'
import { toProblem } from './evidence/findings.ts'
import { verdictOfProblem } from './evidence/outcome.ts'
import { createChildProcessExecutor } from './executor/child-process.ts'
import { endStrays } from './executor/strays.ts'
import type { Tenancy, Workspace } from './ports.ts'
import { createRemotes } from './remotes.ts'
import { toSummary } from './result.ts'
import { runAttempt } from './run-attempt.ts'
import type { Claimant, Run } from './run.ts'
import { claim } from './steps/claiming.ts'
import { createWorkspace } from './workspace/index.ts'

export interface LetGoOptions {
  readonly claimant: Claimant
  readonly table: ProcessTable
}

/** Resolves to the exit code: 0 for success, and for a claim that another runner holds. */
export async function runLetGo({ claimant, table }: LetGoOptions): Promise<number> {
  const begun = { startedAt: claimant.clock.now(), startedMs: claimant.clock.monotonicMs() }
  await using stack = new AsyncDisposableStack()
  stack.use(startDeadline(claimant.ending, claimant.attempt.spec.limits.wallClockMinutes, claimant.clock))
  stack.use(obeyStopFile(claimant))
  const tenancy = await claimOrRefuse(claimant)
  if (typeof tenancy === 'number') return tenancy
  stack.use(tenancy)
  await removeLeftPrivateFiles()
  const run = compose({ claimant, table, tenancy, stack })
  const verdict = await runAttempt(run, begun)
  return verdict.outcome === 'Succeeded' ? 0 : 1
}

/** Without the workspace there is no folder for a result: the summary line alone tells it. */
async function claimOrRefuse(claimant: Claimant): Promise<Tenancy | number> {
  try {
    return (await claim(claimant)) ?? 0
  } catch (error) {
    const verdict = verdictOfProblem(toProblem(error))
    claimant.log.write(toSummary({ submittedId: claimant.attempt.submittedId, verdict, pushedSha: null, digest: '' }))
    return 1
  }
}

function obeyStopFile({ launchFolder, ending, attempt }: Claimant): AsyncDisposable {
  const over = new AbortController()
  const obey = async (): Promise<void> => {
    const stop = await waitForStopFile(launchFolder, over.signal)
    if (stop === undefined) return
    const { wallClockMinutes: minutes } = attempt.spec.limits
    ending.end(
      stop.cause === undefined ? { kind: 'stop', requestedBy: stop.requestedBy } : { kind: stop.cause, minutes },
    )
  }
  const waiting = obey()
  return {
    [Symbol.asyncDispose]: async () => {
      over.abort()
      await waiting
    },
  }
}

interface Parts {
  readonly claimant: Claimant
  readonly table: ProcessTable
  readonly tenancy: Tenancy
  readonly stack: AsyncDisposableStack
}

function compose({ claimant, table, tenancy, stack }: Parts): Run {
  const { attempt, ending, clock, log, environment, redaction } = claimant
  const { submittedId } = attempt
  const saving = stack.use(createSaving(ending, attempt.stopGraceMs, clock))
  const endAllStrays = async (): Promise<void> => endStrays({ table, submittedId, ownPid: process.pid, clock })
  const executor = createChildProcessExecutor({ clock, endStrays: endAllStrays })
  // A crash of this process must not leave its agent at work.
  process.on('exit', () => executor.killAll())
  const agent = createAgent({ order: attempt.agent, executor, log, clock, environment, redaction })
  const workspace = composeWorkspace(claimant, tenancy, saving)
  return { ...claimant, tenancy, saving, executor, agent, workspace, endStrays: endAllStrays }
}

function composeWorkspace(claimant: Claimant, tenancy: Tenancy, saving: Run['saving']): Workspace {
  const { attempt, environment, secrets, redaction, log, clock } = claimant
  const { HOME: home, ...inherited } = environment
  const own = { ...inherited, [MARKER_VARIABLE]: attempt.submittedId }
  const remotes = createRemotes({ attempt, environment, secrets })
  return createWorkspace({
    attempt,
    remotes: { platform: saving.guard(remotes.platform), target: saving.guard(remotes.target) },
    localGit: saving.guard(createGit({ executable: 'git', home, environment: own, secrets })),
    log,
    pushDirectory: resolve(attempt.workspaceDirectory, '../../push'),
    signal: new AbortController().signal,
    tenancy,
    redaction,
    clock: saving.guardClock(clock),
  })
}
