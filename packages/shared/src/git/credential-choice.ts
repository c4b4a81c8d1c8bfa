/** Which credential reaches a repository, from what lies in the directory of credentials. Pure. */
import { TerminalError } from '../core/index.ts'

export interface Remote {
  readonly role: 'platform' | 'target'
  readonly url: string
  readonly githubUser: string
}

export interface CredentialSource {
  /** Absolute: `<name>/token`, `<name>/ssh-privatekey`, `known_hosts`. */
  readonly directory: string
  /** Named for this repository; `undefined`: by its account. */
  readonly reference: string | undefined
  /** Home of a person whose own git helpers, SSH keys and known hosts may be used. */
  readonly userHome: string | undefined
  /** An SSH agent is given. */
  readonly hasSshAgent: boolean
}

/** What is known of a file without reading it. */
export interface FoundFile {
  readonly isReadable: boolean
  readonly isEmpty: boolean
  /** Every user of the machine may read it. */
  readonly isOpenToAll: boolean
}

export type FoundFiles = ReadonlyMap<string, FoundFile>

/** `none`: nothing is needed. `anonymous`: there is nothing, and a public repository needs nothing. */
export type Credential =
  | { readonly kind: 'none' }
  | { readonly kind: 'anonymous'; readonly caFile: string | undefined }
  | {
      readonly kind: 'token'
      readonly tokenFile: string
      readonly usernameFile: string | undefined
      readonly caFile: string | undefined
    }
  | { readonly kind: 'key'; readonly keyFile: string; readonly knownHostsFile: string }
  /** A person's own git helpers. */
  | { readonly kind: 'helpers'; readonly home: string; readonly caFile: string | undefined }
  /** A person's own SSH keys, agent and configuration. */
  | { readonly kind: 'agent'; readonly configFile: string | undefined; readonly knownHostsFile: string | undefined }

export type Transport = 'https' | 'http' | 'ssh' | 'file'

export function transportOf(url: string): Transport {
  const scheme = /^(https?|ssh|file):\/\//i.exec(url)?.[1]?.toLowerCase()
  return scheme === 'https' || scheme === 'http' || scheme === 'file' ? scheme : 'ssh'
}

/** Folders to look into, in order. Kubernetes allows small letters only. */
export function credentialNames({ url, githubUser }: Remote, { reference }: CredentialSource): readonly string[] {
  if (reference !== undefined) return [reference]
  const prefix = transportOf(url) === 'ssh' ? 'github-ssh-' : 'github-pat-'
  return [...new Set([`${prefix}${githubUser}`, `${prefix}${githubUser.toLowerCase()}`])]
}

/** Files whose content is secret. */
export function secretFiles(remote: Remote, source: CredentialSource): readonly string[] {
  const own = credentialNames(remote, source).flatMap((name) =>
    ['token', 'ssh-privatekey'].map((file) => `${source.directory}/${name}/${file}`),
  )
  return source.userHome === undefined ? own : [...own, `${source.userHome}/.git-credentials`]
}

/** Every file that counts in {@link chooseCredential}. */
export function filesToLookAt(remote: Remote, source: CredentialSource): readonly string[] {
  const { directory, userHome } = source
  const names = ['token', 'username', 'ca.crt', 'ssh-privatekey', 'known_hosts']
  const own = credentialNames(remote, source).flatMap((name) => names.map((file) => `${directory}/${name}/${file}`))
  const users = userHome === undefined ? [] : [`${userHome}/.ssh/config`, `${userHome}/.ssh/known_hosts`]
  return [...own, `${directory}/known_hosts`, ...users]
}

export interface Choice {
  readonly remote: Remote
  readonly source: CredentialSource
  readonly found: FoundFiles
}

/** @throws TerminalError GIT_AUTH_FAILED naming the repository, what was looked for, where, and what to do */
export function chooseCredential(choice: Choice): Credential {
  switch (transportOf(choice.remote.url)) {
    case 'file':
      return { kind: 'none' }
    case 'ssh':
      return chooseKey(choice)
    default:
      return chooseToken(choice)
  }
}

function chooseToken(choice: Choice): Credential {
  const { found, source, remote } = choice
  const folder = folderWith(choice, 'token')
  const withCa = folderWith(choice, 'ca.crt')
  const caFile = withCa === undefined ? undefined : `${withCa}/ca.crt`
  if (folder !== undefined) {
    refuseUnusable(choice, `${folder}/token`)
    refusePlainHttp(choice, `${folder}/token`)
    return {
      kind: 'token',
      tokenFile: `${folder}/token`,
      usernameFile: found.has(`${folder}/username`) ? `${folder}/username` : undefined,
      caFile,
    }
  }
  if (source.reference !== undefined) throw missing(choice, 'token')
  const isSafe = transportOf(remote.url) === 'https' || isThisMachine(remote.url)
  const { userHome: home } = source
  return home === undefined || !isSafe ? { kind: 'anonymous', caFile } : { kind: 'helpers', home, caFile }
}

function chooseKey(choice: Choice): Credential {
  const { found, source } = choice
  const { directory, userHome } = source
  const folder = folderWith(choice, 'ssh-privatekey')
  const shared = found.has(`${directory}/known_hosts`) ? `${directory}/known_hosts` : undefined
  const users = `${userHome}/.ssh/known_hosts`
  if (folder !== undefined) {
    refuseUnusable(choice, `${folder}/ssh-privatekey`)
    const own = found.has(`${folder}/known_hosts`) ? `${folder}/known_hosts` : undefined
    const hosts = own ?? shared ?? (found.has(users) ? users : `${directory}/known_hosts`)
    return { kind: 'key', keyFile: `${folder}/ssh-privatekey`, knownHostsFile: hosts }
  }
  if (source.reference !== undefined || (userHome === undefined && !source.hasSshAgent))
    throw missing(choice, 'ssh-privatekey')
  const config = found.has(`${userHome}/.ssh/config`) ? `${userHome}/.ssh/config` : undefined
  // A person's own configuration may name other files of known hosts.
  const fallback = config === undefined && found.has(users) ? users : undefined
  return { kind: 'agent', configFile: config, knownHostsFile: shared ?? fallback }
}

function folderWith({ remote, source, found }: Choice, file: string): string | undefined {
  const name = credentialNames(remote, source).find((each) => found.has(`${source.directory}/${each}/${file}`))
  return name === undefined ? undefined : `${source.directory}/${name}`
}

function refuseUnusable({ remote, source, found }: Choice, path: string): void {
  const file = found.get(path)
  if (file === undefined) return
  const refuse = (problem: string, remedy: string): never => {
    throw troubleWith(remote, { problem: `${path} ${problem}`, remedy })
  }
  if (!file.isReadable) refuse('cannot be read', 'give it to the user that runs attempts')
  if (file.isEmpty) refuse('is empty', 'put the credential there')
  const close = `run "chmod -R o= ${source.directory}", or mount it with defaultMode 0440`
  if (file.isOpenToAll) refuse('may be read by every user of the machine', close)
}

function refusePlainHttp({ remote }: Choice, path: string): void {
  if (transportOf(remote.url) === 'https' || isThisMachine(remote.url)) return
  const problem = `the token in ${path} is not sent over plain HTTP, where it can be read on the way`
  throw troubleWith(remote, { problem, remedy: 'use https' })
}

function isThisMachine(url: string): boolean {
  return ['localhost', '127.0.0.1', '[::1]'].includes(new URL(url).hostname)
}

function missing({ remote, source }: Choice, file: string): TerminalError {
  const paths = credentialNames(remote, source).map((name) => `${source.directory}/${name}/${file}`)
  const what = file === 'token' ? 'token' : 'private key'
  const isAbsent = `${paths.join(' and ')} ${paths.length === 1 ? 'is' : 'are'} not there`
  if (source.reference !== undefined)
    return troubleWith(remote, {
      problem: `the settings name the credential "${source.reference}" for it, but ${isAbsent}`,
      remedy: `put a ${what} there, or correct "repositories" in the settings`,
    })
  return troubleWith(remote, {
    problem: `there is no ${what} for it, since ${isAbsent}`,
    remedy: `put the ${what} of ${remote.githubUser} there, or name another credential for it under "repositories" in the settings`,
  })
}

const ENCRYPTED_PEM = /^(?:-----BEGIN ENCRYPTED PRIVATE KEY-----|Proc-Type: 4,ENCRYPTED)$/m
const OPENSSH = /^-----BEGIN OPENSSH PRIVATE KEY-----\n([A-Za-z0-9+/=\n]+)/

/** Of the text of a private key: what ssh would not say, or only in words that help nobody. */
export function keyTrouble(text: string): Trouble | undefined {
  if (!/^-----BEGIN [A-Z ]*PRIVATE KEY-----\n[\s\S]+\n-----END [A-Z ]*PRIVATE KEY-----$/.test(text))
    return {
      problem: 'is no private key that ssh can read',
      remedy: 'put the whole file there, first and last line included',
    }
  // After the mark and its end comes the name of the cipher, which begins with its length.
  const body = Buffer.from(OPENSSH.exec(text)?.[1] ?? '', 'base64').subarray('openssh-key-v1\0'.length + 4)
  const isEncrypted = body.length > 0 && body.toString('latin1', 0, 4) !== 'none'
  return isEncrypted || ENCRYPTED_PEM.test(text)
    ? { problem: 'is protected by a passphrase, which nobody is there to type', remedy: 'use a key without one' }
    : undefined
}

/** For people: what is wrong, and what to do about it. */
export interface Trouble {
  readonly problem: string
  readonly remedy: string
}

/** `details` have both apart. */
export function troubleWith(remote: Remote, { problem, remedy }: Trouble): TerminalError {
  const details = { url: remote.url, problem, remedy }
  return new TerminalError('GIT_AUTH_FAILED', `${nameOf(remote)}: ${problem}: ${remedy}`, { details })
}

export function nameOf({ role, url }: Remote): string {
  return `${url} (${role} repository)`
}
