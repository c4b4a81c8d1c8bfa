import { stat } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Submit } from '@orchestrator/client'
import { GithubUser, RepositoryUrl } from '@orchestrator/shared/contracts'
import type { CliEnvironment } from './config.ts'
import { type ProgramEnd, runProgram } from './run-program.ts'

/** The platform repository that a person stands in: what a request may leave out. */
export interface PlatformCheckout {
  readonly url: string
  /** As it is called in the remote; `undefined` where none is checked out. */
  readonly branch: string | undefined
  readonly user: string | undefined
  /** Where it was found: folder and remote. */
  readonly root: string
  readonly remote: string
  /** What a person might not expect. */
  readonly warnings: readonly string[]
}

export interface CheckoutSearch {
  readonly cwd: string
  readonly environment: Pick<CliEnvironment, 'PATH' | 'HOME'>
  readonly signal: AbortSignal
}

/** A checkout with `.taskmaster/` at its root, and why it cannot be used where it cannot; neither for any other place. */
export interface FoundCheckout {
  readonly checkout?: PlatformCheckout
  readonly unusable?: string
}

/** Looks from a folder upwards; a worktree is a checkout like any other. */
export async function findPlatformCheckout(search: CheckoutSearch): Promise<FoundCheckout> {
  const root = await ask(search, ['rev-parse', '--show-toplevel'])
  if (root === undefined || !(await isDirectory(join(root, '.taskmaster')))) return {}
  const [remotes, branch, configured] = await Promise.all([
    ask(search, ['remote']),
    ask(search, ['symbolic-ref', '--quiet', '--short', 'HEAD']),
    ask(search, ['config', '--get', 'github.user']),
  ])
  const upstream = branch === undefined ? undefined : await findUpstream(search, branch)
  const remote = chooseRemote(remotes?.split('\n') ?? [], upstream?.remote)
  if (remote.name === undefined) return { unusable: `${root} has .taskmaster/, but ${remote.why}` }
  const address = await ask(search, ['remote', 'get-url', remote.name])
  const url = address === undefined ? undefined : toRepositoryUrl(address)
  if (url === undefined)
    return { unusable: `${root} has .taskmaster/, but nobody else can fetch from its remote ${remote.name}` }
  const there = await findBranchThere(search, { branch, upstream, remote: remote.name })
  const user = [configured, ownerOf(url)].find((name) => GithubUser.safeParse(name).success)
  return { checkout: { url, user, root, remote: remote.name, ...there } }
}

interface Upstream {
  readonly remote: string
  readonly branch: string
}

async function findUpstream(search: CheckoutSearch, branch: string): Promise<Upstream | undefined> {
  const [remote, merge] = await Promise.all([
    ask(search, ['config', '--get', `branch.${branch}.remote`]),
    ask(search, ['config', '--get', `branch.${branch}.merge`]),
  ])
  const name = merge?.startsWith(HEADS) === true ? merge.slice(HEADS.length) : undefined
  return remote === undefined || name === undefined ? undefined : { remote, branch: name }
}

const HEADS = 'refs/heads/'

type Chosen = { readonly name: string; readonly why?: undefined } | { readonly name?: undefined; readonly why: string }

/** `origin`, else the one that the branch follows, else the only one. */
export function chooseRemote(remotes: readonly string[], followed: string | undefined): Chosen {
  const name = remotes.includes('origin') ? 'origin' : remotes.find((each) => each === followed)
  if (name !== undefined) return { name }
  const [only] = remotes
  if (only === undefined) return { why: 'no remote' }
  return remotes.length === 1
    ? { name: only }
    : { why: `of its remotes ${remotes.join(', ')} none is called origin, and the branch follows none` }
}

interface Standing {
  readonly branch: string | undefined
  readonly upstream: Upstream | undefined
  readonly remote: string
}

/** The branch by its name in the remote; a name of one's own means nothing there. */
async function findBranchThere(
  search: CheckoutSearch,
  { branch, upstream, remote }: Standing,
): Promise<Pick<PlatformCheckout, 'branch' | 'warnings'>> {
  if (branch === undefined) return { branch, warnings: ['no branch is checked out here: the usual one is used'] }
  if (upstream?.remote === remote) return { branch: upstream.branch, warnings: [] }
  const pushed = await ask(search, ['rev-parse', '--verify', '--quiet', `refs/remotes/${remote}/${branch}`])
  if (pushed !== undefined) return { branch, warnings: [] }
  const warning = `the branch ${branch} of this checkout is not at ${remote}, as far as is known here: push it, or name another with --platform-branch`
  return { branch, warnings: [warning] }
}

/** The checkout as fields of a request. */
export function platformFields(
  checkout: PlatformCheckout | undefined,
): Pick<Submit, 'platformRepositoryUrl' | 'platformBranch' | 'platformUser'> {
  if (checkout === undefined) return {}
  const { url, branch, user } = checkout
  return {
    platformRepositoryUrl: url,
    ...(branch !== undefined && { platformBranch: branch }),
    ...(user !== undefined && { platformUser: user }),
  }
}

/** What a remote names, without a token that it may carry; `undefined` when it is nothing that others can fetch. */
export function toRepositoryUrl(origin: string): string | undefined {
  if (isAbsolute(origin)) return pathToFileURL(origin).href
  const url = origin.includes('://') ? withoutSecret(origin) : origin
  return RepositoryUrl.safeParse(url).success ? url : undefined
}

/** The user of an SSH address is no secret but a part of it. */
function withoutSecret(text: string): string {
  if (!URL.canParse(text)) return text
  const url = new URL(text)
  if (url.protocol !== 'ssh:') url.username = ''
  url.password = ''
  return url.href
}

/** The account or organisation in `https://github.com/owner/name` and `git@github.com:owner/name`. */
export function ownerOf(url: string): string | undefined {
  if (url.startsWith('file:')) return undefined
  return /^(?:[a-z]+:\/\/[^/]+\/|[^/:]+:)\/?([^/]+)\/[^/]+$/.exec(url.replace(/\/+$/, ''))?.[1]
}

async function ask(search: CheckoutSearch, args: readonly string[]): Promise<string | undefined> {
  const { cwd, signal } = search
  const { PATH, HOME } = search.environment
  const environment = { PATH, HOME, LC_ALL: 'C', GIT_OPTIONAL_LOCKS: '0' }
  const end: ProgramEnd = await runProgram({ file: 'git', args, cwd, environment, timeoutMs: 10_000, signal })
  const text = end.stdout.trim()
  return end.exitCode === 0 && text !== '' ? text : undefined
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory()
  } catch {
    return false
  }
}
