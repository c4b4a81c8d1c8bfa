import { join, resolve } from 'node:path'
import type { CliEnvironment } from './config.ts'

/** Home of whoever calls, whose logins, git helpers and SSH keys attempts may use; none where a program has no home. */
export function personHome({ HOME: home }: Pick<CliEnvironment, 'HOME'>): string | undefined {
  return home.startsWith('/') && home !== '/' ? home : undefined
}

export interface CredentialsPlace {
  readonly environment: Pick<CliEnvironment, 'CREDENTIALS_DIR'>
  readonly cwd: string
  readonly stateDirectory: string
}

/** Where tokens and keys of git are. */
export function credentialsDirectory({ environment, cwd, stateDirectory }: CredentialsPlace): string {
  const { CREDENTIALS_DIR: given } = environment
  return given === undefined ? join(stateDirectory, 'credentials') : resolve(cwd, given)
}
