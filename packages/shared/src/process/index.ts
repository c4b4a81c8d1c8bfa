export { acquireExclusiveLock } from './exclusive-lock.ts'
export {
  errorsFile,
  errorsFolder,
  heldFile,
  heldFolder,
  launchesBelow,
  launchFolder,
  type LaunchName,
  linesFile,
  linesFolder,
  safeName,
  textsFolder,
} from './launch-layout.ts'
export { findMachineId, keepMachineId, readMachineId } from './machine-id.ts'
export type { ProcessIdentity, ProcessTable } from './ports.ts'
export { createProcessTable } from './process-table.ts'
export { formatWorkloadUid, parseWorkloadUid } from './workload-uid.ts'
