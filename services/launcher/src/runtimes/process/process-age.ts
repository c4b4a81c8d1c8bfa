import { uptime } from 'node:os'
import type { ProcessIdentity } from '@orchestrator/shared/process'

/** USER_HZ, the unit of start times in /proc: 100 on every Linux that Node supports. */
const TICKS_PER_SECOND = 100

/** How long a process of this boot has lived, by the clock that started with the boot and never jumps. */
export function processAgeMs({ startTicks }: Pick<ProcessIdentity, 'startTicks'>): number {
  return Math.max(0, (uptime() - Number(startTicks) / TICKS_PER_SECOND) * 1000)
}
