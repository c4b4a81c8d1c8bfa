import { mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { hasCode, printableLine } from '@orchestrator/shared/core'
import type { Git } from '@orchestrator/shared/git'
import { redactFile } from '../lines/redact-file.ts'
import type { Redaction } from '../lines/redaction.ts'
import { conflict, freeName, kindOf, move, statOf } from './folders.ts'
import { gitDirectoryEntries, removeLocks } from './git-locks.ts'

/** Where a repository with a work tree comes from and who commits in it. */
export interface RepositoryIdentity {
  readonly url: string
  readonly user: string
}

export interface GitDirectoryFacts {
  readonly git: Git
  /** The work tree. */
  readonly directory: string
  readonly identity: RepositoryIdentity
  /** An attempt's folder: what is taken out of the repository goes there. */
  readonly evidenceDirectory: string
  /** It may hold secrets, which must not lie there. */
  readonly redaction: Redaction
  readonly warn: (text: string) => void
  readonly signal: AbortSignal
}

/** Files by which a repository changes what git reads or runs. The agent can write all of them. */
const STEERING = [
  'commondir',
  'config.worktree',
  'info/attributes',
  'info/grafts',
  'objects/info/alternates',
  'objects/info/http-alternates',
] as const
const HOOKS = 'hooks'

/** What people and tools set without meaning anything by it; everything else is kept as evidence. */
const HARMLESS =
  /^(core\.(repositoryformatversion|filemode|bare|logallrefupdates|ignorecase|symlinks|precomposeunicode)|remote\..*\.(url|fetch|pushurl)|branch\..*\.(remote|merge|rebase)|user\.(name|email)|init\.defaultbranch|pull\.(rebase|ff)|push\.(default|autosetupremote)|advice\..*)$/

/**
 * `absent`: no folder. `unversioned`: a folder without `.git`. `repository`: a plain `.git` folder.
 * @throws TerminalError WORKSPACE_CONFLICT where a link or file leads git to somewhere else
 */
export async function inspectGitDirectory(directory: string): Promise<'absent' | 'unversioned' | 'repository'> {
  const tree = await statOf(directory)
  if (tree === undefined) return 'absent'
  if (!tree.isDirectory()) throw conflict(`${directory} must be a folder, but is ${kindOf(tree)}`, { path: directory })
  const git = await statOf(join(directory, '.git'))
  if (git === undefined) return 'unversioned'
  if (!git.isDirectory()) {
    throw conflict(
      `${join(directory, '.git')} is ${kindOf(git)}: the repository lies somewhere else, so nothing in it was touched`,
      { path: directory },
    )
  }
  return 'repository'
}

/**
 * Puts a known configuration in the place of whatever is there, and takes hooks, attributes, borrowed objects and locks
 * out, so that git can be run here. To be called before git runs where the agent was.
 */
export async function secureGitDirectory(facts: GitDirectoryFacts): Promise<void> {
  const git = join(facts.directory, '.git')
  await refuseLinks(git)
  await removeLocks(git)
  const taken = await steeringFiles(git)
  const odd = await oddConfigKeys(facts)
  if (odd.length > 0) taken.push('config')
  if (taken.length > 0) await setAside(facts, taken, odd)
  await rm(join(git, 'config'), { force: true })
  await writeFile(join(git, 'config'), configText(facts.identity), { flag: 'wx' })
}

/** Git writes through links: one that leads out of `.git` would let it overwrite files elsewhere. */
async function refuseLinks(git: string): Promise<void> {
  for await (const { path, entry } of gitDirectoryEntries(git)) {
    if (!entry.isSymbolicLink() || relative(git, path).startsWith(`${HOOKS}/`)) continue
    throw conflict(`${path} is a symbolic link: git would write through it`, { path })
  }
}

async function steeringFiles(git: string): Promise<string[]> {
  const found: string[] = []
  for (const path of STEERING) if ((await statOf(join(git, path))) !== undefined) found.push(path)
  for await (const { path, entry } of gitDirectoryEntries(join(git, HOOKS))) {
    if (!entry.isDirectory() && !entry.name.endsWith('.sample')) found.push(relative(git, path))
  }
  return found
}

async function oddConfigKeys({ git, directory, signal }: GitDirectoryFacts): Promise<readonly string[]> {
  const file = join(directory, '.git', 'config')
  const stat = await statOf(file)
  if (stat === undefined) return []
  if (!stat.isFile()) return ['config itself']
  try {
    const args = ['config', '--file', file, '--no-includes', '--list', '--name-only', '-z']
    const { stdout } = await git.run({ args, cwd: dirname(directory), signal })
    return [...new Set(stdout.split('\0').filter((key) => key !== '' && !HARMLESS.test(key)))]
  } catch (error) {
    if (hasCode(error, 'GIT_FAILED')) return ['unreadable lines']
    throw error
  }
}

async function setAside(
  { directory, evidenceDirectory, redaction, warn }: GitDirectoryFacts,
  paths: readonly string[],
  keys: readonly string[],
): Promise<void> {
  const folder = await freeName(evidenceDirectory, 'git-configuration')
  for (const path of paths) await moveRedacted(join(directory, '.git', path), join(folder, path), redaction)
  const named = keys.length === 0 ? '' : ` (config sets ${printableLine(keys.slice(0, 10).join(', '))})`
  warn(
    `what would steer git was taken out of ${directory} and kept in ${folder}: ${printableLine(paths.slice(0, 20).join(', '))}${named}`,
  )
}

async function moveRedacted(from: string, to: string, redaction: Redaction): Promise<void> {
  if ((await statOf(from))?.isFile() !== true) return await move(from, to)
  await mkdir(dirname(to), { recursive: true })
  await redactFile(from, to, redaction)
  await rm(from)
}

/** The `origin` that the repository names, `undefined` when it names none or cannot be read. */
export async function readOrigin({
  git,
  directory,
  signal,
}: Pick<GitDirectoryFacts, 'git' | 'directory' | 'signal'>): Promise<string | undefined> {
  const file = join(directory, '.git', 'config')
  if ((await statOf(file))?.isFile() !== true) return undefined
  try {
    const args = ['config', '--file', file, '--no-includes', '--get', 'remote.origin.url']
    const { stdout } = await git.run({ args, cwd: dirname(directory), signal })
    return stdout.trim() || undefined
  } catch (error) {
    if (hasCode(error, 'GIT_FAILED')) return undefined
    throw error
  }
}

function configText({ url, user }: RepositoryIdentity): string {
  const { name, email } = authorOf(user)
  return [
    '[core]',
    '\trepositoryformatversion = 0',
    '\tfilemode = true',
    '\tbare = false',
    '\tlogallrefupdates = true',
    '[remote "origin"]',
    `\turl = ${quoted(url)}`,
    '\tfetch = +refs/heads/*:refs/remotes/origin/*',
    '[user]',
    `\tname = ${quoted(name)}`,
    `\temail = ${quoted(email)}`,
    '',
  ].join('\n')
}

function authorOf(user: string): { readonly name: string; readonly email: string } {
  return { name: user, email: `${user}@users.noreply.github.com` }
}

export function authorEnvironment(user: string): Readonly<Record<string, string>> {
  const { name, email } = authorOf(user)
  return { GIT_AUTHOR_NAME: name, GIT_AUTHOR_EMAIL: email, GIT_COMMITTER_NAME: name, GIT_COMMITTER_EMAIL: email }
}

function quoted(value: string): string {
  return `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
}
