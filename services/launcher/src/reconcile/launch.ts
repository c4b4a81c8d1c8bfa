import type { Grant } from '@orchestrator/shared/contracts'
import { describeError, hasCode, isAbort, RetryableError } from '@orchestrator/shared/core'
import { prepareLaunch } from './prepare-launch.ts'
import { goOn, type StepContext, type StepEnd } from './step-context.ts'

/**
 * Makes the held workload. A failure is remembered, so that the next look at the world tries again, later, or gives up;
 * a success is remembered as a try too, in case that the workload is gone before anyone sees it.
 */
export async function launch({ world, document, signal }: StepContext, grant: Grant): Promise<StepEnd> {
  try {
    await world.runtime.launchHeld(await prepareLaunch(world, grant, signal), signal)
    world.launches.failed(
      grant.submittedId,
      new RetryableError('RUNTIME_UNAVAILABLE', 'the workload ended while it was held'),
    )
  } catch (error) {
    if (isAbort(error, signal) || isOfTheBroker(error)) throw error
    world.launches.failed(grant.submittedId, error)
    world.logger.warn({ attempt: grant.name, problem: describeError(error) }, 'launch failed')
  }
  return goOn(document)
}

/** No fault of the launch: reconciling as a whole is tried again. */
function isOfTheBroker(error: unknown): boolean {
  return hasCode(error, 'BROKER_UNAVAILABLE') || hasCode(error, 'LEDGER_CONFLICT') || hasCode(error, 'EVENT_TOO_NEW')
}
