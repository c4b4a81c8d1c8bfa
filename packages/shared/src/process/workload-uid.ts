import type { ProcessIdentity } from './ports.ts'

const WORKLOAD_UID = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}):([1-9][0-9]{0,9}):([0-9]{1,20})$/

/** The one text for a process as a workload: `<bootId>:<pid>:<startTicks>`. */
export function formatWorkloadUid({ bootId, pid, startTicks }: ProcessIdentity): string {
  return `${bootId}:${pid}:${startTicks}`
}

/** `undefined` for the uid of another runtime. */
export function parseWorkloadUid(uid: string): ProcessIdentity | undefined {
  const [, bootId, pid, startTicks] = WORKLOAD_UID.exec(uid) ?? []
  if (bootId === undefined || pid === undefined || startTicks === undefined) return undefined
  return { bootId, pid: Number(pid), startTicks }
}
