export { acquireExclusiveLock } from './exclusive-lock.ts'
export type { ProcessIdentity, ProcessTable } from './ports.ts'
export { createProcessTable } from './process-table.ts'
export { formatWorkloadUid, parseWorkloadUid } from './workload-uid.ts'
