/** Real git over HTTPS: `git http-backend` behind Basic authentication, with a certificate authority of its own. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import { dirname } from 'node:path'
import type { GitRemote } from '../git-remotes.ts'
import { temporaryDirectory } from '../temporary-directory.ts'
import {
  type Access,
  type Caller,
  createAccess,
  type GitService,
  isGitService,
  type ServedRepository,
  serverEnvironment,
} from './access.ts'
import { makeCertificate } from './certificate.ts'

export interface HttpsGitServer extends AsyncDisposable {
  readonly port: number
  /** Certificate of the authority that signed the server's. */
  readonly caFile: string
  /** Serves it as `https://localhost:<port>/<path>`. */
  serve(path: string, remote: GitRemote): ServedRepository
}

interface Served {
  readonly remote: GitRemote
  readonly access: Access
}

export async function startHttpsGitServer(): Promise<HttpsGitServer> {
  await using stack = new AsyncDisposableStack()
  const directory = stack.use(await temporaryDirectory())
  const { caFile, certificateFile, keyFile } = await makeCertificate(directory.path)
  const repositories = new Map<string, Served>()
  const server = createServer(
    { cert: await readFile(certificateFile), key: await readFile(keyFile) },
    (request, response) => answer(repositories, request, response),
  )
  server.listen(0, 'localhost')
  await once(server, 'listening')
  stack.defer(async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  const { port } = address
  const owned = stack.move()
  return {
    port,
    caFile,
    serve: (path, remote) => {
      const access = createAccess((token) => token)
      repositories.set(path, { remote, access })
      return access.served(`https://localhost:${port}/${path}`)
    },
    [Symbol.asyncDispose]: async () => owned.disposeAsync(),
  }
}

const ROUTE = /^\/(?<path>.+?)\/(?<rest>info\/refs|git-upload-pack|git-receive-pack)$/

function answer(repositories: ReadonlyMap<string, Served>, request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url ?? '/', 'https://localhost')
  const { path = '', rest = '' } = ROUTE.exec(url.pathname)?.groups ?? {}
  const service = rest === 'info/refs' ? url.searchParams.get('service') : rest
  const repository = repositories.get(path)
  if (repository === undefined || !isGitService(service)) return refuse(response, 404)
  const verdict = repository.access.judge(service, callerOf(request))
  if (verdict !== 'accepted') return refuse(response, verdict === 'unknown' ? 401 : 403)
  runBackend({ remote: repository.remote, rest, url, service }, request, response)
}

function refuse(response: ServerResponse, status: number): void {
  if (status === 401) response.setHeader('WWW-Authenticate', 'Basic realm="git"')
  response.writeHead(status).end()
}

function callerOf({ headers: { authorization = '' } }: IncomingMessage): Caller {
  const encoded = /^Basic (.*)$/.exec(authorization)?.[1]
  if (encoded === undefined) return { user: undefined, identity: undefined }
  const text = Buffer.from(encoded, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  return { user: text.slice(0, colon), identity: text.slice(colon + 1) }
}

interface BackendCall {
  readonly remote: GitRemote
  readonly rest: string
  readonly url: URL
  readonly service: GitService
}

function runBackend({ remote, rest, url }: BackendCall, request: IncomingMessage, response: ServerResponse): void {
  const { method = 'GET', headers } = request
  const variables = {
    GIT_PROJECT_ROOT: dirname(remote.path),
    GIT_HTTP_EXPORT_ALL: '1',
    PATH_INFO: `${remote.path.slice(dirname(remote.path).length)}/${rest}`,
    REQUEST_METHOD: method,
    QUERY_STRING: url.search.slice(1),
    CONTENT_TYPE: headers['content-type'] ?? '',
    CONTENT_LENGTH: headers['content-length'] ?? '',
    HTTP_CONTENT_ENCODING: headers['content-encoding'] ?? '',
    GIT_PROTOCOL: String(headers['git-protocol'] ?? ''),
    REMOTE_USER: 'somebody',
  }
  const backend = spawn('git', ['http-backend'], {
    env: serverEnvironment(variables),
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  backend.stdin.on('error', () => undefined)
  backend.on('error', () => refuse(response, 500))
  request.pipe(backend.stdin)
  let head: Buffer = Buffer.alloc(0)
  const onHead = (chunk: Buffer): void => {
    head = Buffer.concat([head, chunk])
    const end = head.indexOf('\r\n\r\n')
    if (end < 0) return
    backend.stdout.off('data', onHead)
    writeHead(response, head.subarray(0, end).toString('latin1'))
    response.write(head.subarray(end + 4))
    backend.stdout.pipe(response)
  }
  backend.stdout.on('data', onHead)
}

function writeHead(response: ServerResponse, text: string): void {
  let status = 200
  for (const line of text.split('\r\n')) {
    const colon = line.indexOf(':')
    const [name, value] = [line.slice(0, colon), line.slice(colon + 1).trim()]
    if (name.toLowerCase() === 'status') status = Number(value.split(' ')[0])
    else response.setHeader(name, value)
  }
  response.writeHead(status)
}
