// oxlint-disable-next-line no-restricted-imports -- the launcher has no door for another runtime yet
import type { Runtime } from '../../services/launcher/src/runtimes/port.ts'
import { connectMachine, LOCATION, RUNTIME } from './machine.ts'
import { Recent } from './recent.ts'

const tellDone = await connectMachine(process.env['MACHINE'] ?? '')

/** Instead of the launcher's own: workloads that cost nothing. */
export function createProcessRuntime(): Runtime {
  const launched = new Recent()
  const letGo = new Recent()
  const uidOf = (submittedId: string): string => `workload-${submittedId}`
  return {
    kind: RUNTIME,
    location: LOCATION,
    workspaceDirectory: (workspace) => `/workspaces/${workspace}`,
    findHeld: async ({ submittedId }) =>
      launched.has(submittedId) && !letGo.has(submittedId) ? uidOf(submittedId) : undefined,
    launchHeld: async ({ attempt: { submittedId } }) => {
      launched.add(submittedId)
      return uidOf(submittedId)
    },
    letGo: async ({ submittedId }) => {
      if (letGo.has(submittedId)) return
      letGo.add(submittedId)
      tellDone(submittedId)
    },
    // As the process runtime would find it at this moment: at work.
    state: async ({ submittedId }) => (letGo.has(submittedId) ? { kind: 'running', ageMs: 0 } : { kind: 'held' }),
    stop: async () => 0,
    released: async ({ submittedId }) => letGo.has(submittedId),
    remove: async () => undefined,
    listUnstarted: async () => [],
    discard: async () => undefined,
  }
}
