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
  readonly branch: string | undefined
  readonly user: string | undefined
}

export interface CheckoutSearch {
  readonly cwd: string
  readonly environment: Pick<CliEnvironment, 'PATH' | 'HOME'>
  readonly signal: AbortSignal
}

/** A checkout with `.taskmaster/` at its root and a remote `origin`; `undefined` for any other place. */
export async function findPlatformCheckout(search: CheckoutSearch): Promise<PlatformCheckout | undefined> {
  const root = await ask(search, ['rev-parse', '--show-toplevel'])
  if (root === undefined || !(await isDirectory(join(root, '.taskmaster')))) return undefined
  const [origin, branch, configured] = await Promise.all([
    ask(search, ['remote', 'get-url', 'origin']),
    ask(search, ['symbolic-ref', '--quiet', '--short', 'HEAD']),
    ask(search, ['config', '--get', 'github.user']),
  ])
  const url = origin === undefined ? undefined : toRepositoryUrl(origin)
  if (url === undefined) return undefined
  const user = [configured, ownerOf(url)].find((name) => GithubUser.safeParse(name).success)
  return { url, branch, user }
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
  const url = /^https?:/.test(origin) ? withoutCredentials(origin) : origin
  return RepositoryUrl.safeParse(url).success ? url : undefined
}

function withoutCredentials(text: string): string {
  if (!URL.canParse(text)) return text
  const url = new URL(text)
  url.username = ''
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
