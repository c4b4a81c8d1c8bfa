import { hasCode, RetryableError } from '@orchestrator/shared/core'
import { progressOf } from '../progress/waiting-progress.ts'
import type { World } from '../world.ts'
import { nextStep, type Step } from './next-step.ts'
import { observe } from './observe.ts'
import { createPass } from './pass.ts'
import { performStep } from './perform-step.ts'
import { LOST, type Rest, type StepContext, type StepEnd } from './step-context.ts'

/** Far more than a workspace needs between two rests: the document's 64 entries may all have to leave first. */
const MAX_STEPS = 400

/** Steps that replace the document, whatever else they do: a document of long ago will do, for it is refused if it is old. */
const REPLACES: readonly Step['kind'][] = ['grant', 'release', 'passOn', 'noteFinished']
/** Steps that only wait: whoever woke this look may have seen a newer document. */
const WAITS: readonly Step['kind'][] = ['idle', 'waitForSlot', 'waitForTurn', 'waitToLaunch']

/**
 * Brings one workspace as far as it can go now: looks at document, ledger and runtime, does the next missing step, looks
 * again. It may be cut anywhere, repeated anywhere, and run by two replicas at the same time.
 *
 * @returns when to look again, if nothing happens before
 */
export async function reconcileWorkspace(world: World, service: string, signal: AbortSignal): Promise<Rest> {
  const pass = createPass(world.memory, world.clock)
  const remembered = world.workspaces.recall(service)
  let document = remembered?.document ?? (await world.workspaces.get(service))
  let basis: StepContext['basis'] = remembered === undefined ? 'read' : remembered.isRecent ? 'recent' : 'old'
  for (let steps = 0; steps < MAX_STEPS; steps += 1) {
    signal.throwIfAborted()
    if (document === undefined) return {}
    const end = await stepOnce({ world, pass, document, basis, signal })
    if (end.kind === 'rest') return end.rest
    const { revision } = document
    document = end.kind === 'goOn' ? end.document : await world.workspaces.get(service)
    if (end.kind === 'lost' || document?.revision !== revision) basis = 'read'
  }
  throw new RetryableError('DOCUMENT_CONFLICT', `the workspace of ${service} does not come to rest`)
}

async function stepOnce(context: StepContext): Promise<StepEnd> {
  const { world, document } = context
  try {
    const step = nextStep(document.value, await observe(context))
    if (!mayRestOn(context.basis, step)) return LOST
    await world.progress.report(progressOf(document.value, step))
    return await performStep(context, step)
  } catch (error) {
    // Someone else moved on: what is missing now is seen by looking again.
    if (hasCode(error, 'DOCUMENT_CONFLICT')) return LOST
    throw error
  }
}

function mayRestOn(basis: StepContext['basis'], { kind }: Step): boolean {
  return basis === 'read' || REPLACES.includes(kind) || (basis === 'recent' && !WAITS.includes(kind))
}
