import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** Stands before a server and can lose what the server answers, as a network does. */
export interface TcpProxy extends AsyncDisposable {
  readonly url: string
  /** From now on what the server says is thrown away; the next `heal` cuts these connections. */
  loseAnswers(): void
  /** Cuts all connections; new ones work again. */
  heal(): void
}

export async function startTcpProxy(target: string): Promise<TcpProxy> {
  const { hostname, port, protocol } = new URL(target)
  const sockets = new Set<Socket>()
  let losing = false
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname)
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => sockets.delete(socket))
    }
    client.on('data', (bytes) => upstream.write(bytes))
    upstream.on('data', (bytes) => {
      if (!losing) client.write(bytes)
    })
    client.on('close', () => upstream.destroy())
    upstream.on('close', () => client.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const own = typeof address === 'object' && address !== null ? address.port : 0
  const cut = (): void => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    url: `${protocol}//127.0.0.1:${own}`,
    loseAnswers: () => {
      losing = true
    },
    heal: () => {
      losing = false
      cut()
    },
    [Symbol.asyncDispose]: async () => {
      cut()
      server.close()
      await once(server, 'close')
    },
  }
}
