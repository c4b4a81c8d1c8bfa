import type { Epoch } from '@orchestrator/shared/contracts'
import type { World } from '../world.ts'

/**
 * For a grant: above every epoch that the workspace had. Where this process knows the last one, and has seen the ledger
 * beyond it since, that will do; else the ledger is asked.
 */
export async function nextEpoch(
  { ledger, memory, workspaces }: Pick<World, 'ledger' | 'memory' | 'workspaces'>,
  service: string,
  signal: AbortSignal,
): Promise<Epoch> {
  const last = workspaces.recall(service)?.epoch
  const { lastSeen } = memory
  if (last?.generation === ledger.generation && lastSeen > last.sequence) return { ...last, sequence: lastSeen }
  const sequence = await ledger.lastSeq(signal)
  // After the question, which may have brought a new generation.
  return { generation: ledger.generation, sequence }
}
