/** Who may do what with a repository that is served: changed while it is, and asked anew at each request. */

export type GitService = 'git-upload-pack' | 'git-receive-pack'
export type Right = 'read' | 'write'

export interface Asked {
  readonly service: GitService
  readonly outcome: 'accepted' | 'refused'
  /** Where the protocol has one. */
  readonly user: string | undefined
}

export interface ServedRepository {
  readonly url: string
  /** A token, or a private key; `write` when left out. */
  allow(secret: string, right?: Right): void
  revoke(secret: string): void
  /** Everything that was asked for it, in order. */
  readonly asked: readonly Asked[]
}

export interface Caller {
  readonly identity: string | undefined
  readonly user: string | undefined
}

export interface Access {
  /** `unknown`: nobody we know; `insufficient`: known, but it may not do this. */
  judge(service: GitService, caller: Caller): 'accepted' | 'unknown' | 'insufficient'
  knows(identity: string): boolean
  served(url: string): ServedRepository
}

/** `identityOf` gives what a server sees of a secret. */
export function createAccess(identityOf: (secret: string) => string): Access {
  const rights = new Map<string, Right>()
  const asked: Asked[] = []
  return {
    judge: (service, { identity, user }) => {
      const right = identity === undefined ? undefined : rights.get(identity)
      const needed: Right = service === 'git-receive-pack' ? 'write' : 'read'
      const isEnough = right === 'write' || right === needed
      asked.push({ service, outcome: isEnough ? 'accepted' : 'refused', user })
      return isEnough ? 'accepted' : right === undefined ? 'unknown' : 'insufficient'
    },
    knows: (identity) => rights.has(identity),
    served: (url) => ({
      url,
      allow: (secret, right = 'write') => void rights.set(identityOf(secret), right),
      revoke: (secret) => void rights.delete(identityOf(secret)),
      asked,
    }),
  }
}

export function isGitService(name: string | null | undefined): name is GitService {
  return name === 'git-upload-pack' || name === 'git-receive-pack'
}

/** Environment of git on the server's side. */
export function serverEnvironment(more: Readonly<Record<string, string>> = {}): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '',
    HOME: '/nonexistent',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    LC_ALL: 'C',
    ...more,
  }
}
