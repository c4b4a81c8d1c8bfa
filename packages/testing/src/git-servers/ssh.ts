/** Real git over SSH: a server in this process that lets known keys run `git-upload-pack` and `git-receive-pack`, no more. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import ssh2, { type AuthContext, type Connection, type ServerChannel } from 'ssh2'
import type { GitRemote } from '../git-remotes.ts'
import {
  type Access,
  createAccess,
  type GitService,
  isGitService,
  type ServedRepository,
  serverEnvironment,
} from './access.ts'

export interface SshGitServer extends AsyncDisposable {
  readonly port: number
  /** Its line for a file of known hosts. */
  readonly knownHost: string
  /** Serves it as `ssh://git@127.0.0.1:<port>/<path>`. */
  serve(path: string, remote: GitRemote): ServedRepository
}

/** A private key as `ssh-keygen` writes it, without a passphrase. */
export function makeSshKey(): string {
  return makeKeyPair().private
}

/** Not ed25519: one in a hundred that it makes cannot be read. */
function makeKeyPair(): { readonly private: string; readonly public: string } {
  return ssh2.utils.generateKeyPairSync('ecdsa', { bits: 256 })
}

interface Served {
  readonly remote: GitRemote
  readonly access: Access
}

export async function startSshGitServer(): Promise<SshGitServer> {
  const hostKey = makeKeyPair()
  const repositories = new Map<string, Served>()
  const connections = new Set<Connection>()
  const server = new ssh2.Server({ hostKeys: [hostKey.private] }, (connection) => {
    connections.add(connection)
    connection.on('close', () => connections.delete(connection))
    connection.on('error', () => connections.delete(connection))
    serveConnection(connection, repositories)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  const { port } = address
  return {
    port,
    knownHost: `[127.0.0.1]:${port} ${hostKey.public}`,
    serve: (path, remote) => {
      const access = createAccess(publicKeyOf)
      repositories.set(path, { remote, access })
      return access.served(`ssh://git@127.0.0.1:${port}/${path}`)
    },
    [Symbol.asyncDispose]: async () => {
      for (const connection of connections) connection.end()
      await new Promise<void>((resolve) => void server.close(() => resolve()))
    },
  }
}

function publicKeyOf(privateKey: string): string {
  const parsed = ssh2.utils.parseKey(privateKey)
  if (parsed instanceof Error) throw parsed
  return parsed.getPublicSSH().toString('base64')
}

/** Any key may log in that proves itself, as at the forges: what it may do is asked with each command. */
function serveConnection(connection: Connection, repositories: ReadonlyMap<string, Served>): void {
  let identity: string | undefined
  connection.on('authentication', (context) => {
    const shown = provenKey(context)
    if (shown === undefined || !isKnown(repositories, shown)) return context.reject(['publickey'])
    if (context.method === 'publickey' && context.signature !== undefined) identity = shown
    context.accept()
  })
  connection.on('session', (accept) => {
    accept().on('exec', (accepted, _refuse, { command }) => {
      runCommand({ command, identity, repositories }, accepted())
    })
  })
}

function isKnown(repositories: ReadonlyMap<string, Served>, identity: string): boolean {
  return [...repositories.values()].some(({ access }) => access.knows(identity))
}

/** The key, where it is only shown or the signature over this session is good. */
function provenKey(context: AuthContext): string | undefined {
  if (context.method !== 'publickey') return undefined
  const { key, signature, blob, hashAlgo } = context
  const parsed = ssh2.utils.parseKey(key.data)
  if (parsed instanceof Error) return undefined
  // An error where it cannot be verified, whatever its type says.
  const verified: unknown = signature !== undefined && blob !== undefined && parsed.verify(blob, signature, hashAlgo)
  if (signature !== undefined && verified !== true) return undefined
  return key.data.toString('base64')
}

interface Command {
  readonly command: string
  readonly identity: string | undefined
  readonly repositories: ReadonlyMap<string, Served>
}

function runCommand({ command, identity, repositories }: Command, channel: ServerChannel): void {
  const [, service, path] = /^(\S+) '\/?(.*)'$/.exec(command) ?? []
  const repository = repositories.get(path ?? '')
  if (!isGitService(service) || repository?.access.judge(service, { identity, user: 'git' }) !== 'accepted') {
    channel.stderr.write('ERROR: Repository not found.\n')
    channel.exit(1)
    channel.end()
    return
  }
  serve(channel, service, repository.remote)
}

function serve(channel: ServerChannel, service: GitService, { path }: GitRemote): void {
  const git = spawn('git', [service.slice('git-'.length), path], { env: serverEnvironment() })
  git.stdin.on('error', () => undefined)
  channel.pipe(git.stdin)
  git.stdout.pipe(channel, { end: false })
  git.stderr.pipe(channel.stderr, { end: false })
  git.on('close', (code) => {
    channel.exit(code ?? 1)
    channel.end()
  })
}
