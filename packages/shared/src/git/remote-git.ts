/** Git for one remote repository, with the credential that belongs to it: chosen and read anew at each call. */
import { access, constants, readFile, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { OrchestratorError, TerminalError } from '../core/index.ts'
import {
  chooseCredential,
  type Credential,
  type CredentialSource,
  filesToLookAt,
  type FoundFile,
  type FoundFiles,
  keyTrouble,
  nameOf,
  type Remote,
  troubleWith,
} from './credential-choice.ts'
import { credentialEnvironment, type PrivateCopies } from './credential-environment.ts'
import { describeCredential, explainRefusal } from './credential-problems.ts'
import type { Git, GitRun } from './ports.ts'
import { openPrivateFiles, type PrivateFiles } from './private-files.ts'

export interface RemoteGitOptions {
  /** Its HOME is nobody's: what lies there would count before any credential of ours. */
  readonly git: Git
  readonly remote: Remote
  readonly source: CredentialSource
}

/**
 * For calls that speak with this remote, named by its URL; for nothing else.
 * Refusals say which file was used and what to do: TerminalError GIT_AUTH_FAILED, GIT_NOT_FOUND.
 */
export function createRemoteGit({ git, remote, source }: RemoteGitOptions): Git {
  return {
    run: async (run) => {
      const credential = await findCredential({ remote, source })
      await using copies = await makeCopies(remote, credential)
      const environment = credentialEnvironment(credential, remote.url, copies)
      try {
        return await git.run({ ...run, environment: { ...run.environment, ...environment } })
      } catch (error) {
        throw explained(error, { remote, source, credential, run })
      }
    },
  }
}

/** The credential that such a call would use. @throws as the call itself does */
export async function findCredential({ remote, source }: Omit<RemoteGitOptions, 'git'>): Promise<Credential> {
  return chooseCredential({ remote, source, found: await lookAt(remote, source) })
}

async function lookAt(remote: Remote, source: CredentialSource): Promise<FoundFiles> {
  const entries = filesToLookAt(remote, source).map(async (path) => [path, await look(path, source.directory)] as const)
  return new Map((await Promise.all(entries)).flatMap(([path, file]) => (file === undefined ? [] : [[path, file]])))
}

const READ_BY_OTHERS = 0o004
const ENTERED_BY_OTHERS = 0o001

async function look(path: string, directory: string): Promise<FoundFile | undefined> {
  const file = await stat(path).catch(() => undefined)
  if (file?.isFile() !== true) return undefined
  const isReadable = await access(path, constants.R_OK).then(
    () => true,
    () => false,
  )
  const folders = await Promise.all([dirname(path), directory].map(async (folder) => stat(folder)))
  const isOpenToAll =
    (file.mode & READ_BY_OTHERS) !== 0 && folders.every(({ mode }) => (mode & ENTERED_BY_OTHERS) !== 0)
  return { isReadable, isEmpty: file.size === 0, isOpenToAll }
}

/** ssh refuses a key that its group may read, as mounted ones are, and one without a line end. */
async function makeCopies(remote: Remote, credential: Credential): Promise<PrivateCopies & AsyncDisposable> {
  await using stack = new AsyncDisposableStack()
  const copies = isOverSsh(credential) ? await copyFiles(remote, credential, stack.use(await openPrivateFiles())) : {}
  const owned = stack.move()
  return { ...copies, [Symbol.asyncDispose]: async () => owned.disposeAsync() }
}

type OverSsh = Extract<Credential, { readonly kind: 'key' | 'agent' }>

function isOverSsh(credential: Credential): credential is OverSsh {
  return credential.kind === 'key' || credential.kind === 'agent'
}

async function copyFiles(remote: Remote, credential: OverSsh, files: PrivateFiles): Promise<PrivateCopies> {
  const { knownHostsFile: hosts } = credential
  const known = hosts === undefined ? '' : await readFile(hosts, 'utf8').catch(() => '')
  const knownHostsFile = await files.write('known_hosts', known)
  if (credential.kind === 'agent') return { knownHostsFile }
  const key = (await readFile(credential.keyFile, 'utf8')).replaceAll('\r\n', '\n').trim()
  const trouble = keyTrouble(key)
  if (trouble === undefined) return { knownHostsFile, keyFile: await files.write('key', `${key}\n`) }
  throw troubleWith(remote, { ...trouble, problem: `${describeCredential(credential)} ${trouble.problem}` })
}

interface Call {
  readonly remote: Remote
  readonly source: CredentialSource
  readonly credential: Credential
  readonly run: GitRun
}

function explained(error: unknown, { remote, source, credential, run }: Call): unknown {
  if (!(error instanceof OrchestratorError)) return error
  const { code, details } = error
  const stderr = typeof details['stderr'] === 'string' ? details['stderr'] : ''
  const isPush = run.args.includes('push')
  const trouble = explainRefusal({ remote, source, credential, code, stderr, isPush })
  if (trouble === undefined) return error
  const message = `${nameOf(remote)}: ${trouble.problem}: ${trouble.remedy}. In git's words`
  return new TerminalError(code, message, { cause: error, details: { ...details, ...trouble } })
}
