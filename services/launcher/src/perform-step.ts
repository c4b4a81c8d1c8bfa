/** Does one step. Each may have been done before, by us or by another replica: then it changes nothing. */
import type { QueueEntry } from '@orchestrator/shared/contracts'
import { assertNever } from '@orchestrator/shared/core'
import { claimBranch } from './branch-claim.ts'
import { fetchOverflow } from './fetch-overflow.ts'
import { adopt, giveWorkspace, releaseWorkspace, returnStaleSlots } from './grant-workspace.ts'
import { launch } from './launch.ts'
import type { Step } from './next-step.ts'
import { refOf } from './observe.ts'
import { readSubmission } from './prepare-launch.ts'
import { publishFinished, publishStarted } from './publish.ts'
import { dropFinished, noteFinished, noteStarted, refill } from './queue.ts'
import { forget, type Rest, type StepContext, write } from './step-context.ts'

type StepOf<K extends Step['kind']> = Extract<Step, { kind: K }>

/** Whoever should go first has been woken; this one looks whether it went. */
const TURN_MS = 1000

/** @returns undefined when there may be more to do at once */
export async function performStep(context: StepContext, step: Step): Promise<Rest | undefined> {
  const { world, document, signal } = context
  switch (step.kind) {
    case 'idle':
      return step.lookAgainMs === undefined ? {} : { lookAgainMs: step.lookAgainMs }
    case 'waitForSlot':
      return { waitsFor: step.cap.name }
    case 'waitForTurn':
      for (const service of step.services) world.wake(service)
      return { waitsFor: step.cap.name, lookAgainMs: TURN_MS }
    case 'waitToLaunch':
      return { lookAgainMs: step.inMs }
    case 'refill':
      return await write(context, refill(document.value, await fetchOverflow(world.ledger, document.value, signal)))
    case 'skipFinished':
      return await skipFinished(context, step.entry)
    case 'finishUnstarted':
      return await finishUnstarted(context, step)
    case 'adopt':
      return await adopt(context, step.entry)
    case 'returnStaleSlots':
      return await returnStaleSlots(world, document.value.service)
    case 'grant':
      return await giveWorkspace(context, step)
    case 'claimBranch':
      return await claimFor(context, step.grant)
    case 'launch':
      return await launch(context, step.grant)
    case 'publishStarted':
      return await start(context, step)
    case 'noteStarted':
      return await write(context, noteStarted(document.value, step.workloadUid))
    case 'letGo':
      return await letGo(context, step)
    case 'stop':
    case 'awaitRelease':
      return await end(context, step)
    case 'noteFinished':
      return await write(context, noteFinished(document.value))
    case 'release':
      return await releaseWorkspace(context, step)
    default:
      return assertNever(step, 'step')
  }
}

async function skipFinished(context: StepContext, entry: QueueEntry): Promise<undefined> {
  await write(context, dropFinished(context.document.value, entry.submittedId))
  forget(context.world, entry)
}

async function finishUnstarted(
  { world, document, signal }: StepContext,
  step: StepOf<'finishUnstarted'>,
): Promise<undefined> {
  const { grant } = document.value
  if (grant?.submittedId === step.entry.submittedId) await world.runtime.remove(refOf(grant))
  await publishFinished(world, step.entry, { verdict: step.verdict, signal })
}

async function claimFor({ world, signal }: StepContext, entry: QueueEntry): Promise<undefined> {
  const { attempt } = (await readSubmission(world.ledger, entry, signal)).data
  await claimBranch(world.branches, attempt)
}

async function start(
  { world, signal }: StepContext,
  { grant, workloadUid }: StepOf<'publishStarted'>,
): Promise<undefined> {
  const { attempt: spec } = (await readSubmission(world.ledger, grant, signal)).data
  await publishStarted(world, { grant, spec, runtime: world.runtime, workloadUid, signal })
}

async function letGo({ world }: StepContext, { grant, workloadUid }: StepOf<'letGo'>): Promise<undefined> {
  await world.runtime.letGo(refOf(grant), workloadUid)
  // From here on the watcher speaks of it.
  forget(world, grant)
  world.logger.info({ attempt: grant.name, workloadUid }, 'let go')
}

async function end({ world }: StepContext, step: StepOf<'stop' | 'awaitRelease'>): Promise<Rest | undefined> {
  // Where we cannot look, only a person's word helps: its event comes by itself.
  if (step.kind === 'awaitRelease' && !step.ours) return {}
  const { grant, workloadUid } = step
  const order =
    step.kind === 'stop'
      ? { workloadUid, requestedBy: step.requestedBy, cause: step.cause }
      : { workloadUid, requestedBy: 'the launcher', cause: 'requested' as const }
  const lookAgainMs = await world.runtime.stop(refOf(grant), order)
  return lookAgainMs === 0 ? undefined : { lookAgainMs }
}
