/** What to tell people when a remote or a host was not content with a credential. Pure. */
import { type ErrorCode, printableLine } from '../core/index.ts'
import {
  type Credential,
  type CredentialSource,
  credentialNames,
  type Remote,
  transportOf,
  type Trouble,
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
export function explainRefusal(refusal: Refusal): Trouble | undefined {
  const { credential, code } = refusal
  if (credential.kind === 'none') return undefined
  if (code === 'GIT_NOT_FOUND') return notFound(refusal)
  return code === 'GIT_AUTH_FAILED' ? (hostTrouble(refusal) ?? refused(refusal)) : undefined
}

function notFound({ credential }: Refusal): Trouble {
  return {
    problem: `it is not there, or ${describeCredential(credential)} may not see it`,
    remedy: 'check the address and what the credential may do',
  }
}

function hostTrouble(refusal: Refusal): Trouble | undefined {
  const { stderr } = refusal
  if (/certificate problem|certificate verification failed/i.test(stderr)) return certificateTrouble(refusal)
  const place = hostsFile(refusal)
  const host = printableLine(hostOf(refusal.remote.url).name)
  if (/REMOTE HOST IDENTIFICATION HAS CHANGED/i.test(stderr))
    return {
      problem: `the host key of ${host} is another one than in ${place}, because the server was set up anew, or somebody stands in between`,
      remedy: 'when its maker confirms the new key, put it there in place of the old one',
    }
  if (/host key verification failed|host key is known for/i.test(stderr))
    return {
      problem: `the host key of ${host} is not known`,
      remedy: `fetch it with "${scanCommand(refusal.remote.url)} >> ${place}" and compare it with what the maker of the host publishes`,
    }
  return undefined
}

function certificateTrouble({ remote, source, credential }: Refusal): Trouble {
  const known = 'caFile' in credential ? credential.caFile : undefined
  if (known !== undefined)
    return { problem: `its certificate is not signed by an authority in ${known}`, remedy: 'put the right one there' }
  return {
    problem: 'its certificate is signed by an authority that this machine does not know',
    remedy: `put that one's certificate into ${source.directory}/${credentialNames(remote, source)[0]}/ca.crt, beside the token`,
  }
}

const AGAIN = 'it is read anew at each call, so retry once it is right'

function refused(refusal: Refusal): Trouble {
  const { remote, source, credential, isPush } = refusal
  const used = describeCredential(credential)
  const action = isPush ? 'may not push' : 'may not read it'
  const path = firstPath(remote, source)
  switch (credential.kind) {
    case 'token':
      return {
        problem: `${used} was refused (wrong, expired, revoked, or it ${action})`,
        remedy: `put another one there; ${AGAIN}`,
      }
    case 'key':
      return {
        problem: `${used} was refused (unknown to the host, revoked, or it ${action})`,
        remedy: `add its public part to the account or as a deploy key, or put another one there; ${AGAIN}`,
      }
    case 'helpers':
      return {
        problem: `${used} have nothing that it accepts`,
        remedy: `log in there (for example "gh auth login"), or put a token into ${path}`,
      }
    case 'agent':
      return {
        problem: `${used} have nothing that it accepts`,
        remedy: `add a key with ssh-add, or put one without passphrase into ${path}`,
      }
    default:
      return { problem: 'it wants a credential, and there is none', remedy: `put a token into ${path}` }
  }
}

/** With which words people know it. */
export function describeCredential(credential: Credential): string {
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
