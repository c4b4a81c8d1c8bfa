/** What to tell people when a remote or a host was not content with a credential. Pure. */
import { type ErrorCode, printableLine } from '../core/index.ts'
import {
  type Credential,
  type CredentialSource,
  credentialNames,
  nameOf,
  type Remote,
  transportOf,
} from './credential-choice.ts'

export interface Refusal {
  readonly remote: Remote
  readonly credential: Credential
  readonly source: CredentialSource
  readonly code: ErrorCode
  /** What git and ssh printed, secrets removed. */
  readonly stderr: string
  readonly isPush: boolean
}

/** What happened, with which file, and what to do; `undefined` where no credential had a part in it. */
export function explainRefusal(refusal: Refusal): string | undefined {
  const { remote, credential, code } = refusal
  if (credential.kind === 'none' || (code !== 'GIT_AUTH_FAILED' && code !== 'GIT_NOT_FOUND')) return undefined
  const text = code === 'GIT_NOT_FOUND' ? notFound(refusal) : (hostProblem(refusal) ?? refused(refusal))
  return `${nameOf(remote)}: ${text}. In git's words`
}

function notFound(refusal: Refusal): string {
  return `it is not there, or ${used(refusal)} may not see it: check the address and what the credential may do`
}

function hostProblem(refusal: Refusal): string | undefined {
  const { stderr } = refusal
  if (/certificate problem|certificate verification failed/i.test(stderr)) return certificateProblem(refusal)
  const place = hostsFile(refusal)
  const host = printableLine(hostOf(refusal.remote.url).name)
  if (/REMOTE HOST IDENTIFICATION HAS CHANGED/i.test(stderr))
    return `the host key of ${host} is another one than in ${place}: the server was set up anew, or somebody stands in between. When its maker confirms the new key, put it there in place of the old one`
  if (/host key verification failed|host key is known for/i.test(stderr))
    return `the host key of ${host} is not known. Fetch it with "${scanCommand(refusal.remote.url)} >> ${place}" and compare it with what the maker of the host publishes`
  return undefined
}

function certificateProblem({ remote, source, credential }: Refusal): string {
  const known = 'caFile' in credential ? credential.caFile : undefined
  if (known !== undefined) return `its certificate is not signed by an authority in ${known}: put the right one there`
  const folder = `${source.directory}/${credentialNames(remote, source)[0]}`
  return `its certificate is signed by an authority that this machine does not know: put that one's certificate into ${folder}/ca.crt, beside the token`
}

function refused(refusal: Refusal): string {
  const { remote, source, credential, isPush } = refusal
  const action = isPush ? 'may not push' : 'may not read it'
  const again = 'it is read anew at each call, so retry once it is right'
  switch (credential.kind) {
    case 'token':
      return `${used(refusal)} was refused (wrong, expired, revoked, or it ${action}): put another one there; ${again}`
    case 'key':
      return `${used(refusal)} was refused (unknown to the host, revoked, or it ${action}): add its public part to the account or as a deploy key, or put another one there; ${again}`
    case 'helpers':
      return `${used(refusal)} have nothing that it accepts. Log in there (for example "gh auth login"), or put a token into ${firstPath(remote, source)}`
    case 'agent':
      return `${used(refusal)} have nothing that it accepts. Add a key with ssh-add, or put one without passphrase into ${firstPath(remote, source)}`
    default:
      return `it wants a credential, and there is none: put a token into ${firstPath(remote, source)}`
  }
}

function used({ credential }: Refusal): string {
  switch (credential.kind) {
    case 'token':
      return `the token in ${credential.tokenFile}`
    case 'key':
      return `the key in ${credential.keyFile}`
    case 'helpers':
      return `the git helpers of ${credential.home}`
    case 'agent':
      return 'the SSH keys and agent of the user'
    default:
      return 'who has no credential'
  }
}

function firstPath(remote: Remote, source: CredentialSource): string {
  const file = transportOf(remote.url) === 'ssh' ? 'ssh-privatekey' : 'token'
  return `${source.directory}/${credentialNames(remote, source)[0]}/${file}`
}

function hostsFile({ credential, source }: Refusal): string {
  const known = credential.kind === 'key' || credential.kind === 'agent' ? credential.knownHostsFile : undefined
  return known ?? `${source.directory}/known_hosts`
}

/** Host and port of an SSH address, in both of its forms. */
function hostOf(url: string): { readonly name: string; readonly port: string } {
  if (url.includes('://')) {
    const { hostname, port } = new URL(url)
    return { name: hostname.replaceAll(/[[\]]/g, ''), port }
  }
  return { name: /^(?:[^@/]*@)?([^:]*):/.exec(url)?.[1] ?? url, port: '' }
}

function scanCommand(url: string): string {
  const { name, port } = hostOf(url)
  return `ssh-keyscan${port === '' ? '' : ` -p ${port}`} ${printableLine(name)}`
}
