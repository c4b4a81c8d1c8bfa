import { join } from 'node:path'
import { launchesBelow, launchFolder, type LaunchName, safeName } from '@orchestrator/shared/process'

/** Where things of this machine lie below the state directory. */
export interface Places {
  readonly launches: string
  launchFolder(launch: LaunchName): string
  workspace(name: string): string
  /** HOME of everything that runs for a workspace; never a person's. */
  home(workspace: string): string
}

export function placesBelow(stateDirectory: string): Places {
  return {
    launches: launchesBelow(stateDirectory),
    launchFolder: (launch) => launchFolder(stateDirectory, launch),
    workspace: (name) => join(stateDirectory, 'workspaces', safeName(name)),
    home: (name) => join(stateDirectory, 'homes', safeName(name)),
  }
}
