/** Where everything lies. Pure. */
import { join } from 'node:path'
import {
  attemptFolder as attemptFolderOf,
  type AttemptFile,
  normaliseRepositoryUrl,
} from '@orchestrator/shared/contracts'
import { sha256Hex } from '@orchestrator/shared/core'

export const PLATFORM_FOLDER = 'platform-repo'
export const TARGET_FOLDER = 'target-repo'
export const DOCUMENTS_FOLDER = 'task-docs'
export const SHARED_FOLDER = 'shared'
export const CLIENT_CONFIG_FILE = 'client-config.json'
/** Root link to the attempt folder of whoever ran last. */
export const CURRENT_LINK = 'current'

/** Rendered texts that may lie at the workspace root; whatever of these an attempt does not bring is an older one's. */
export const RENDERED_AT_ROOT = [
  '.mcp.json',
  'CLAUDE.md',
  'coding-guidelines.md',
  'github-guidelines.md',
  '.claude/settings.local.json',
] as const

type Place = Pick<AttemptFile, 'spec' | 'epoch'>

/** Relative to the workspace. */
export function attemptFolder({ spec, epoch }: Place): string {
  return attemptFolderOf(spec, epoch.generation)
}

/** The one form that a link at the root may have to be believed. */
export const ATTEMPT_FOLDER_PATTERN = /^tasks\/[A-Za-z0-9_-]+-[0-9.]+\/attempt-[0-9]+(-g[0-9]+)?$/

export interface WorkspaceLayout {
  readonly root: string
  readonly platform: string
  readonly target: string
  readonly documents: string
  readonly shared: string
  readonly clientConfig: string
  /** The runner's own bare clone: one for each workspace and repository, because two workspaces may fetch at once. */
  readonly mirror: string
  /** Clean checkouts of this workspace begin with this path. */
  readonly checkoutPrefix: string
}

export function layoutOf(attempt: AttemptFile, pushDirectory: string): WorkspaceLayout {
  const root = attempt.workspaceDirectory
  const key = sha256Hex(`${attempt.spec.workspace}#${normaliseRepositoryUrl(attempt.spec.repository.url)}`).slice(0, 20)
  return {
    root,
    platform: join(root, PLATFORM_FOLDER),
    target: join(root, TARGET_FOLDER),
    documents: join(root, DOCUMENTS_FOLDER),
    shared: join(root, SHARED_FOLDER),
    clientConfig: join(root, CLIENT_CONFIG_FILE),
    mirror: join(pushDirectory, `${key}.git`),
    checkoutPrefix: join(pushDirectory, `checkout-${sha256Hex(attempt.spec.workspace).slice(0, 20)}-`),
  }
}
