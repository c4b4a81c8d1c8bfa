/** Repository URLs and branches: what may be given, and when two of them are the same. */
import { z } from 'zod'
import { memoised, shortHash } from '../core/index.ts'
import { type TaskId, taskKey, type TaskRef } from './identity.ts'

const SCP_LIKE = /^(?:[A-Za-z0-9._-]+@)?([A-Za-z0-9.-]+):(?!\/\/)([^\s:][^\s]*)$/
const SCHEMES = new Set(['https:', 'http:', 'ssh:', 'file:'])
/** Hosts that read repository paths without regard to case. */
const CASELESS_HOSTS = new Set(['github.com', 'gitlab.com', 'bitbucket.org'])

export const RepositoryUrl = z
  .string()
  .min(1)
  .max(1024)
  .superRefine((url, ctx) => {
    const problem = repositoryUrlProblem(url)
    if (problem !== undefined) ctx.addIssue({ code: 'custom', message: problem })
  })
export type RepositoryUrl = z.infer<typeof RepositoryUrl>

const URL_HINT = 'use https://host/path, ssh://user@host/path, user@host:path or file:///path'

/** An installation has few repositories, and each event names two of them. */
const REMEMBERED = 1000

const repositoryUrlProblem = memoised(REMEMBERED, (url): string | undefined => {
  // oxlint-disable-next-line no-control-regex -- control characters are what must not pass
  if (/[\u0000-\u0020\u007F]/.test(url)) return 'must not contain spaces or control characters'
  if (url.startsWith('-') || url.includes('::')) return `is not a repository URL: ${URL_HINT}`
  if (URL.canParse(url) && url.includes('://')) return parsedUrlProblem(new URL(url))
  return SCP_LIKE.test(url) && !/:-|@-|\/-?$/.test(url) ? undefined : `is not a repository URL: ${URL_HINT}`
})

function parsedUrlProblem(url: URL): string | undefined {
  if (!SCHEMES.has(url.protocol)) return `uses ${url.protocol}//, which is not supported: ${URL_HINT}`
  if (url.password !== '')
    return 'must not carry a password or token: configure a credential for the repository instead'
  if (url.protocol.startsWith('http') && url.username !== '')
    return 'must not carry a user or token: configure a credential instead'
  if (url.search !== '' || url.hash !== '') return 'must not have a query or fragment'
  if (url.hostname.startsWith('-')) return 'has a host that starts with "-"'
  return url.pathname === '/' || url.pathname === '' ? 'names no repository: a path is missing' : undefined
}

/** One text for one repository, however it is reached: `github.com/org/trader` for its SSH and HTTPS forms alike. */
export const normaliseRepositoryUrl: (url: string) => string = memoised(REMEMBERED, (url) => {
  const scp = url.includes('://') ? null : SCP_LIKE.exec(url)
  const parsed = scp === null ? new URL(url) : undefined
  const host = (scp?.[1] ?? hostOf(parsed)).toLowerCase()
  const path = (scp?.[2] ?? decodeURIComponent(parsed?.pathname ?? ''))
    .replace(/^\/+/, '')
    .replace(/\/+$/, '')
    .replace(/\.git$/, '')
  return `${host}/${CASELESS_HOSTS.has(host) ? path.toLowerCase() : path}`
})

function hostOf(url: URL | undefined): string {
  if (url === undefined || url.protocol === 'file:') return 'file:'
  const usual = { 'ssh:': '22', 'https:': '443', 'http:': '80' }[url.protocol]
  return url.port === '' || url.port === usual ? url.hostname : url.host
}

/** A branch that git accepts (git-check-ref-format), which cannot be read as an option. */
export const BranchName = z
  .string()
  .min(1)
  .max(200)
  .refine(isBranchName, 'is not a branch name that git accepts, for example "main" or "feature/login"')
export type BranchName = z.infer<typeof BranchName>

function isBranchName(name: string): boolean {
  // oxlint-disable-next-line no-control-regex -- control characters are what must not pass
  const forbidden = /[\u0000-\u0020\u007F~^:?*[\\]|\.\.|@\{|\/\/|\/\.|^[-./]|[./]$|\.lock(\/|$)/
  return name !== '@' && name !== 'HEAD' && !forbidden.test(name)
}

/** The branch of a task as long as no other task of the same repository has it. */
export function taskBranch(taskId: TaskId): BranchName {
  return `feature/task-${taskId}-implementation`
}

/** The branch of a task where the short one belongs to another task. */
export function longTaskBranch(task: TaskRef): BranchName {
  const { service, tag, taskId } = task
  return `feature/${service}-${tag}-task-${taskId}-implementation-${shortHash(taskKey(task), 5)}`
}

/** Names one branch of one repository: the key of the `branches` bucket. */
export function branchKey(repositoryUrl: string, branch: BranchName): string {
  return branchKeyOf(normaliseRepositoryUrl(repositoryUrl), branch)
}

/** The same for a URL that is normalised already. */
export function branchKeyOf(repository: string, branch: BranchName): string {
  return shortHash(`${repository}#${branch}`, 12) + shortHash(`${branch}#${repository}`, 12)
}

/** A path inside the target repository: relative, without `..`; `.` is the repository itself. */
export const WorkingDirectory = z
  .string()
  .min(1)
  .max(255)
  .refine(isInside, 'must be a path inside the repository: relative, without "..", for example "trading-engine"')
export type WorkingDirectory = z.infer<typeof WorkingDirectory>

function isInside(path: string): boolean {
  // oxlint-disable-next-line no-control-regex -- control characters are what must not pass
  if (/[\u0000-\u001F\u007F\\]/.test(path) || path.startsWith('/') || path.startsWith('~')) return false
  const parts = path.replace(/\/+$/, '').split('/')
  return parts.every((part) => part !== '' && part !== '..' && part.toLowerCase() !== '.git' && !part.startsWith('-'))
}
