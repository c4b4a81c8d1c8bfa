/** Each repository of the settings, tried as an attempt would reach it: read, and the target pushed to, without sending anything. */
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Settings } from '@orchestrator/shared/contracts'
import { describeError, hasCode, OrchestratorError, printableLine } from '@orchestrator/shared/core'
import {
  createGit,
  createRemoteGit,
  type CredentialSource,
  describeCredential,
  findCredential,
  type Git,
  gitProxies,
} from '@orchestrator/shared/git'
import { type Check, fail, type Finding, ok } from './check.ts'
import type { Machine } from './machine-checks.ts'
import { type RepositoryUse, repositoryUses } from './repository-uses.ts'

const ANSWER_TIMEOUT_MS = 20_000

export function repositoryChecks(settings: Settings, machine: Machine): readonly Check[] {
  const uses = repositoryUses(settings)
  if (uses.length === 0) return []
  return [
    { name: 'Git credentials', run: () => checkDirectory(machine.credentialsDirectory) },
    ...uses.map((use) => repositoryCheck(use, machine)),
  ]
}

async function checkDirectory(directory: string): Promise<Finding> {
  const found: unknown = await stat(directory).catch((error: unknown) => error)
  if (isMissing(found)) return ok(`none of their own (${directory} is not there): git uses those of this user`)
  const entries = await readdir(directory, { withFileTypes: true }).catch(describeError)
  if (typeof entries === 'string')
    return fail(`${directory} cannot be read: ${entries}`, 'make it a directory that this user may read')
  const { mode } = await stat(directory)
  const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)
  const told = `${directory} (${names.length === 0 ? 'empty' : names.toSorted().join(', ')})`
  if ((mode & 0o007) === 0) return ok(told)
  return fail(`${directory} is open to every user of the machine`, `run "chmod -R o= ${directory}"`)
}

function isMissing(found: unknown): boolean {
  return found instanceof Error && 'code' in found && found.code === 'ENOENT'
}

function repositoryCheck(use: RepositoryUse, machine: Machine): Check {
  const { url, role, githubUser, reference } = use
  const by = reference === undefined ? `as ${githubUser}` : `by ${reference}`
  return {
    name: `Repository ${printableLine(url)} (${role}, ${by})`,
    run: async () => {
      try {
        return await tryOut(use, machine)
      } catch (error) {
        machine.signal.throwIfAborted()
        return toFinding(error)
      }
    },
  }
}

async function tryOut(use: RepositoryUse, machine: Machine): Promise<Finding> {
  await using place = await temporaryRepository(machine)
  const { plain, directory, commit } = place
  const { reference, ...remote } = use
  const source = sourceOf(reference, machine)
  const credential = await findCredential({ remote, source })
  const git = createRemoteGit({ git: plain, remote, source })
  const ask = async (args: readonly string[]): Promise<unknown> =>
    git.run({ args: ['--git-dir=.', ...args], cwd: directory, signal: machine.signal, timeoutMs: ANSWER_TIMEOUT_MS })
  await ask(['ls-remote', '--heads', use.url])
  if (use.role === 'target')
    await ask(['push', '--dry-run', '--no-verify', use.url, `+${commit}:refs/heads/feature/orchestrator-doctor`])
  const can = use.role === 'target' ? 'can be read and pushed to' : 'can be read'
  return ok(isNeeded(credential.kind) ? `${can} with ${describeCredential(credential)}` : can)
}

function isNeeded(kind: string): boolean {
  return kind !== 'none' && kind !== 'anonymous'
}

function sourceOf(reference: string | undefined, machine: Machine): CredentialSource {
  const { credentialsDirectory: directory, personHome: userHome, sshAgent } = machine
  return { directory, reference, userHome, hasSshAgent: sshAgent !== undefined }
}

function toFinding(error: unknown): Finding {
  const { problem, remedy } = error instanceof OrchestratorError ? error.details : {}
  if (typeof problem === 'string' && typeof remedy === 'string') return fail(problem, remedy)
  const isAway = hasCode(error, 'GIT_UNAVAILABLE')
  return fail(describeError(error), isAway ? 'check the network and the address, then try again' : 'check the address')
}

interface TemporaryRepository extends AsyncDisposable {
  /** Knows no credential. */
  readonly plain: Git
  readonly directory: string
  readonly commit: string
}

/** A commit that could be pushed, in a repository that nobody configures. */
async function temporaryRepository({ path, sshAgent, proxies, signal }: Machine): Promise<TemporaryRepository> {
  const directory = await mkdtemp(join(tmpdir(), 'orchestrator-doctor-'))
  const agent = sshAgent === undefined ? {} : { SSH_AUTH_SOCK: sshAgent }
  const environment = { PATH: path, ...gitProxies(proxies).environment, ...agent }
  const plain = createGit({ executable: 'git', home: '/nonexistent', environment, secrets: [] })
  const run = async (args: readonly string[]): Promise<string> =>
    (await plain.run({ args, cwd: directory, signal, environment: AUTHOR })).stdout.trim()
  await run(['init', '--quiet', '--bare', '--template=', '.'])
  const tree = await run(['--git-dir=.', 'hash-object', '-t', 'tree', '-w', '--stdin'])
  return {
    plain,
    directory,
    commit: await run(['--git-dir=.', 'commit-tree', '-m', 'A dry run', tree]),
    [Symbol.asyncDispose]: async () => rm(directory, { recursive: true, force: true }),
  }
}

const AUTHOR = {
  GIT_AUTHOR_NAME: 'orchestrator',
  GIT_AUTHOR_EMAIL: 'orchestrator@localhost',
  GIT_COMMITTER_NAME: 'orchestrator',
  GIT_COMMITTER_EMAIL: 'orchestrator@localhost',
}
