import { join } from 'node:path'
import { TerminalError } from '@orchestrator/shared/core'
import type { WorkloadRef } from '../port.ts'
import { launchFolderName } from './launch-folder.ts'

/** Where things of this machine lie below the state directory. */
export interface Places {
  readonly launches: string
  launchFolder(ref: Pick<WorkloadRef, 'name' | 'generation'>): string
  workspace(name: string): string
  /** HOME of everything that runs for a workspace; never a person's. */
  home(workspace: string): string
}

export function placesBelow(stateDirectory: string): Places {
  const launches = join(stateDirectory, 'launches')
  return {
    launches,
    launchFolder: (ref) => join(launches, safeName(launchFolderName(ref))),
    workspace: (name) => join(stateDirectory, 'workspaces', safeName(name)),
    home: (name) => join(stateDirectory, 'homes', safeName(name)),
  }
}

/** Names come from the ledger and were checked there; one that could leave its folder is refused all the same. */
function safeName(name: string): string {
  if (/^[a-z0-9][-a-z0-9]{0,99}$/.test(name)) return name
  throw new TerminalError('CONFIG_INVALID', `${JSON.stringify(name)} cannot be the name of a folder`)
}
