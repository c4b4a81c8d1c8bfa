import { hasCode, RetryableError } from '@orchestrator/shared/core'
import { nextStep } from './next-step.ts'
import { observe } from './observe.ts'
import { performStep } from './perform-step.ts'
import type { Rest, StepContext } from './step-context.ts'
import { progressOf } from './waiting-progress.ts'
import type { World } from './world.ts'

/** Far more than a workspace needs between two rests: the document's 64 entries may all have to leave first. */
const MAX_STEPS = 400

/**
 * Brings one workspace as far as it can go now: looks at document, ledger and runtime, does the next missing step, looks
 * again. It may be cut anywhere, repeated anywhere, and run by two replicas at the same time.
 *
 * @returns when to look again, if nothing happens before
 */
export async function reconcileWorkspace(world: World, service: string, signal: AbortSignal): Promise<Rest> {
  for (let steps = 0; steps < MAX_STEPS; steps += 1) {
    signal.throwIfAborted()
    const document = await world.workspaces.get(service)
    if (document === undefined) return {}
    const rest = await stepOnce({ world, document, signal })
    if (rest !== undefined) return rest
  }
  throw new RetryableError('DOCUMENT_CONFLICT', `the workspace of ${service} does not come to rest`)
}

async function stepOnce(context: StepContext): Promise<Rest | undefined> {
  const { world, document, signal } = context
  try {
    const step = nextStep(document.value, await observe(world, document.value, signal))
    await world.progress.report(progressOf(document.value, step))
    return await performStep(context, step)
  } catch (error) {
    // Someone else moved on: what is missing now is seen by looking again.
    if (hasCode(error, 'DOCUMENT_CONFLICT')) return undefined
    throw error
  }
}
