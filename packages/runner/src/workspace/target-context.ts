import type { AttemptFile } from '@orchestrator/shared/contracts'
import type { Git } from '@orchestrator/shared/git'
import type { Redaction } from '../lines/redaction.ts'
import type { Tenancy } from '../ports.ts'
import { secureGitDirectory } from './git-directory.ts'
import type { WorkspaceLayout } from './layout.ts'
import type { Mirror } from './mirror.ts'
import type { Recorder } from './recorder.ts'
import type { Repository } from './repository.ts'

/** What everything about `target-repo/` needs. */
export interface TargetContext {
  readonly attempt: AttemptFile
  readonly layout: WorkspaceLayout
  /** Without credentials. */
  readonly localGit: Git
  readonly mirror: Mirror
  /** `target-repo/`, reached without credentials. */
  readonly target: Repository
  readonly recorder: Recorder
  readonly tenancy: Tenancy
  /** For what is kept of the repository beside it. */
  readonly redaction: Redaction
  readonly signal: AbortSignal
}

/** Before git is run where the agent was. */
export async function secureTarget({
  attempt,
  layout,
  localGit,
  recorder,
  tenancy,
  redaction,
  signal,
}: TargetContext): Promise<void> {
  const { repository } = attempt.spec
  await secureGitDirectory({
    git: localGit,
    directory: layout.target,
    identity: { url: repository.url, user: repository.githubUser },
    evidenceDirectory: tenancy.attemptDirectory,
    redaction,
    warn: (text) => recorder.note('warning', text),
    signal,
  })
}
