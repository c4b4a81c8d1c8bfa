/** Where launch folders lie and what is where in them: `contracts/runner-protocol` says what the files hold. Pure. */
import { join } from 'node:path'
import { TerminalError } from '../core/index.ts'

export interface LaunchName {
  readonly name: string
  /** Of the attempt's epoch. */
  readonly generation: number
}

export function launchesBelow(stateDirectory: string): string {
  return join(stateDirectory, 'launches')
}

/**
 * From generation 2 on the generation is part of the name: a restored ledger may give a name a second time.
 * @throws TerminalError CONFIG_INVALID for a name that could lead elsewhere
 */
export function launchFolder(stateDirectory: string, { name, generation }: LaunchName): string {
  return join(launchesBelow(stateDirectory), safeName(generation === 1 ? name : `${name}-g${generation}`))
}

export const heldFolder = (folder: string): string => join(folder, 'held')
export const heldFile = (folder: string, spawn: string): string => join(heldFolder(folder), `${spawn}.json`)
export const linesFolder = (folder: string): string => join(folder, 'lines')
export const linesFile = (folder: string, spawn: string): string => join(linesFolder(folder), `${spawn}.ndjson`)
export const errorsFolder = (folder: string): string => join(folder, 'errors')
export const errorsFile = (folder: string, spawn: string): string => join(errorsFolder(folder), `${spawn}.txt`)
export const textsFolder = (folder: string): string => join(folder, 'files')

/** Names come from the ledger and were checked there; one that could leave its folder is refused all the same. */
export function safeName(name: string): string {
  if (/^[a-z0-9][-a-z0-9]{0,99}$/.test(name)) return name
  throw new TerminalError('CONFIG_INVALID', `${JSON.stringify(name)} cannot be the name of a folder`)
}
