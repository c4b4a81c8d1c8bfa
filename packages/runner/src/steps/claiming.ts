import { hasCode } from '@orchestrator/shared/core'
import type { Tenancy } from '../ports.ts'
import type { Claimant } from '../run.ts'
import { enterTenancy } from '../workspace/index.ts'

/**
 * Takes the workspace. `undefined` when another runner owns this attempt: then one line says so and nothing else may
 * happen, hence no line before.
 * @throws whatever else keeps the workspace from being taken
 */
export async function claim({ attempt, workloadUid, log, steps, clock }: Claimant): Promise<Tenancy | undefined> {
  const begun = { startedAt: clock.now(), sinceMs: clock.monotonicMs() }
  try {
    const tenancy = await enterTenancy({ attempt, workloadUid })
    steps.done('claim', begun)
    return tenancy
  } catch (error) {
    if (!hasCode(error, 'CLAIM_LOST')) throw error
    const { holder } = error.details
    log.write({ kind: 'claim-lost', holder: typeof holder === 'string' ? holder : 'unknown' })
    return undefined
  }
}
