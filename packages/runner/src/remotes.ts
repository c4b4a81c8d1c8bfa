/** Git of an attempt for its two remote repositories, each with the credential that belongs to it. */
import { type AttemptFile, MARKER_VARIABLE, type RepositoryRef } from '@orchestrator/shared/contracts'
import {
  createGit,
  createRemoteGit,
  type CredentialSource,
  type Git,
  type Remote,
  secretFiles,
} from '@orchestrator/shared/git'
import type { RunnerEnvironment } from './config.ts'

export interface Remotes {
  readonly platform: Git
  readonly target: Git
}

/** What lies in a home counts before credentials of ours (`.netrc`), and the one of the workspace is the agent's to write. */
const NOBODYS_HOME = '/nonexistent'

export interface RemotesOptions {
  readonly attempt: AttemptFile
  readonly environment: RunnerEnvironment
  readonly secrets: readonly string[]
}

export function createRemotes({ attempt, environment, secrets }: RemotesOptions): Remotes {
  const { PATH, LANG } = environment
  const own = { PATH, LANG, [MARKER_VARIABLE]: attempt.submittedId, ...attempt.credentials.gitEnvironment }
  const git = createGit({ executable: 'git', home: NOBODYS_HOME, environment: own, secrets })
  const of = (role: Remote['role'], repository: RepositoryRef): Git => {
    const source = sourceOf(attempt, role)
    return source === undefined ? git : createRemoteGit({ git, remote: remoteOf(role, repository), source })
  }
  return { platform: of('platform', attempt.spec.platform), target: of('target', attempt.spec.repository) }
}

/** Files whose content must never be seen, whether they are there or not. */
export function remoteSecretFiles(attempt: AttemptFile): readonly string[] {
  const of = (role: Remote['role'], repository: RepositoryRef): readonly string[] => {
    const source = sourceOf(attempt, role)
    return source === undefined ? [] : secretFiles(remoteOf(role, repository), source)
  }
  return [...of('platform', attempt.spec.platform), ...of('target', attempt.spec.repository)]
}

function remoteOf(role: Remote['role'], { url, githubUser }: RepositoryRef): Remote {
  return { role, url, githubUser }
}

function sourceOf({ credentials }: AttemptFile, role: Remote['role']): CredentialSource | undefined {
  const { git, gitEnvironment } = credentials
  if (git === undefined) return undefined
  return {
    directory: git.directory,
    reference: git[role],
    userHome: git.userHome,
    hasSshAgent: gitEnvironment['SSH_AUTH_SOCK'] !== undefined,
  }
}
