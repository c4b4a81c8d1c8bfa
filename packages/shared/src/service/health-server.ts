import { createServer } from 'node:http'
import type { Health } from './app.ts'

/** `/livez` says that the process answers, `/readyz` that all checks are `ok`. Carries nothing else. */
export async function startHealthServer(
  port: number,
  health: () => Health,
): Promise<AsyncDisposable & { readonly port: number }> {
  const server = createServer((request, response) => {
    const known = request.method === 'GET' && (request.url === '/livez' || request.url === '/readyz')
    const { ready, checks } = health()
    const status = known ? (request.url === '/livez' || ready ? 200 : 503) : 404
    response
      .writeHead(status, { 'content-type': 'application/json' })
      .end(JSON.stringify(known ? { ready, checks } : {}))
  })
  const listening = Promise.withResolvers<void>()
  server.once('error', listening.reject).listen(port, listening.resolve)
  await listening.promise
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('a TCP server has an address and port')
  return {
    port: address.port,
    [Symbol.asyncDispose]: async () => {
      const closed = Promise.withResolvers<void>()
      server.close(() => closed.resolve())
      server.closeAllConnections()
      await closed.promise
    },
  }
}
