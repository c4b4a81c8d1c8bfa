/** Does one step. Each may have been done before, by us or by another replica: then it changes nothing. */
import type { QueueEntry } from '@orchestrator/shared/contracts'
import { assertNever } from '@orchestrator/shared/core'
import { dropFinished, noteFinished, refill } from '../queue/queue.ts'
import { fetchOverflow } from './fetch-overflow.ts'
import { adopt, giveWorkspace, passWorkspaceOn, releaseWorkspace, returnStaleSlots } from './grant-workspace.ts'
import { launch } from './launch.ts'
import type { Step } from './next-step.ts'
import { refOf } from './observe.ts'
import { publishFinished, publishStarted } from './publish.ts'
import { forget, goOn, rest, type StepContext, type StepEnd, write } from './step-context.ts'

type StepOf<K extends Step['kind']> = Extract<Step, { kind: K }>

/** Whoever should go first has been woken; this one looks whether it went. */
const TURN_MS = 1000

export async function performStep(context: StepContext, step: Step): Promise<StepEnd> {
  const { world, document, signal } = context
  switch (step.kind) {
    case 'idle':
      return rest(step.lookAgainMs === undefined ? {} : { lookAgainMs: step.lookAgainMs })
    case 'waitForSlot':
      return rest({ waitsFor: step.cap.name })
    case 'waitForTurn':
      for (const service of step.services) world.wake(service)
      return rest({ waitsFor: step.cap.name, lookAgainMs: TURN_MS })
    case 'waitToLaunch':
      return rest({ lookAgainMs: step.inMs })
    case 'refill':
      return await write(context, refill(document.value, await fetchOverflow(world.ledger, document.value, signal)))
    case 'skipFinished':
      return await skipFinished(context, step.entry)
    case 'finishUnstarted':
      return await finishUnstarted(context, step)
    case 'adopt':
      return await adopt(context, step.entry)
    case 'returnStaleSlots':
      await returnStaleSlots(world, document.value.service)
      return goOn(document)
    case 'grant':
      return await giveWorkspace(context, step)
    case 'claimBranch':
      return await claimFor(context, step.grant)
    case 'launch':
      return await launch(context, step.grant)
    case 'publishStarted':
      return await start(context, step)
    case 'letGo':
      return await letGo(context, step)
    case 'stop':
    case 'awaitRelease':
      return await end(context, step)
    case 'finishLost':
      await publishFinished(world, step.grant, { verdict: step.verdict, of: 'started', signal })
      return goOn(document)
    case 'noteFinished':
      return await write(context, noteFinished(document.value, step.workloadUid))
    case 'release':
      return await releaseWorkspace(context, step)
    case 'passOn':
      return await passWorkspaceOn(context, step)
    default:
      return assertNever(step, 'step')
  }
}

async function skipFinished(context: StepContext, entry: QueueEntry): Promise<StepEnd> {
  const written = await write(context, dropFinished(context.document.value, entry.submittedId))
  forget(context.world, entry)
  return written
}

async function finishUnstarted(
  { world, document, signal }: StepContext,
  step: StepOf<'finishUnstarted'>,
): Promise<StepEnd> {
  const { grant } = document.value
  // A stop in the ledger keeps `started` from it. Before any other end another replica may be letting go what it made:
  // what is left once the end is in the ledger goes with the release.
  const isStopped = step.verdict.phase === 'Stopped'
  if (isStopped && grant?.submittedId === step.entry.submittedId) await world.runtime.remove(refOf(grant))
  await publishFinished(world, step.entry, { verdict: step.verdict, of: 'unstarted', signal })
  return goOn(document)
}

async function claimFor({ world, document, signal }: StepContext, entry: QueueEntry): Promise<StepEnd> {
  await world.branches.claim((await world.memory.submission(entry, signal)).data.attempt)
  return goOn(document)
}

async function start(
  { world, pass, document, signal }: StepContext,
  { grant, workloadUid }: StepOf<'publishStarted'>,
): Promise<StepEnd> {
  const { attempt: spec } = (await world.memory.submission(grant, signal)).data
  const sinceMs = world.clock.monotonicMs()
  if (await publishStarted(world, { grant, spec, runtime: world.runtime, workloadUid, signal }))
    pass.published(grant, sinceMs)
  return goOn(document)
}

async function letGo({ world }: StepContext, { grant, workloadUid, dueInMs }: StepOf<'letGo'>): Promise<StepEnd> {
  await world.runtime.letGo(refOf(grant), workloadUid)
  // From here on the watcher speaks of it.
  forget(world, grant)
  world.logger.info({ attempt: grant.name, workloadUid }, 'let go')
  return rest({ lookAgainMs: dueInMs })
}

async function end({ world, document }: StepContext, step: StepOf<'stop' | 'awaitRelease'>): Promise<StepEnd> {
  // Where we cannot look, only a person's word helps: its event comes by itself.
  if (step.kind === 'awaitRelease' && !step.ours) return rest({})
  const { grant, workloadUid } = step
  const order =
    step.kind === 'stop'
      ? { workloadUid, requestedBy: step.requestedBy, cause: step.cause }
      : { workloadUid, requestedBy: 'the launcher', cause: 'requested' as const }
  const lookAgainMs = await world.runtime.stop(refOf(grant), order)
  return lookAgainMs === 0 ? goOn(document) : rest({ lookAgainMs })
}
