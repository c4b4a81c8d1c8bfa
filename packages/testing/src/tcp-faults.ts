import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'

/** What a network does to a connection. Lasting ones hold until `heal`. */
export const TCP_FAULTS = ['cut', 'halfClose', 'slow', 'loseAnswers', 'loseAll', 'refuse'] as const
export type TcpFault = (typeof TCP_FAULTS)[number]

/** Stands between a client and a server on this machine and breaks what passes, as a network does. */
export interface TcpFaultProxy extends AsyncDisposable {
  readonly url: string
  readonly port: number
  /** Connections that are open now. */
  readonly open: number
  /** Bytes thrown away so far. */
  readonly lostBytes: number
  /**
   * - `cut`: all connections are reset; new ones work.
   * - `halfClose`: the server's end says that it is done, but goes on to listen; new connections work.
   * - `slow`: every piece waits before it goes on, in both directions.
   * - `loseAnswers`: what the server says is thrown away.
   * - `loseAll`: nothing passes in either direction, and nobody is told.
   * - `refuse`: as `cut`, and new connections are reset too.
   */
  inflict(fault: TcpFault): void
  /** Ends every fault. Connections of which bytes were thrown away are reset: they can never be whole again. */
  heal(): void
}

export interface TcpFaultOptions {
  /** For `slow`, milliseconds for each piece and direction. */
  readonly slowMs?: number
}

interface Link {
  readonly client: Socket
  readonly server: Socket
  damaged: boolean
}

const SLOW_MS = 150

export async function startTcpFaultProxy(target: string, options: TcpFaultOptions = {}): Promise<TcpFaultProxy> {
  const { hostname, port, protocol } = new URL(target)
  const slowMs = options.slowMs ?? SLOW_MS
  const links = new Set<Link>()
  const faults = new Set<TcpFault>()
  let lostBytes = 0

  const cut = (which: (link: Link) => boolean): void => {
    for (const { client, server } of [...links].filter(which)) {
      client.resetAndDestroy()
      server.resetAndDestroy()
    }
  }

  const pass = (link: Link, from: Socket, to: Socket): void => {
    from.on('data', (bytes) => {
      const isLost = faults.has('loseAll') || (faults.has('loseAnswers') && from === link.server)
      if (isLost) {
        link.damaged = true
        lostBytes += bytes.length
      }
      if (isLost || to.destroyed) return
      if (!faults.has('slow')) return void to.write(bytes)
      // Paused meanwhile, so that the order is kept.
      from.pause()
      setTimeout(() => {
        if (!to.destroyed) to.write(bytes)
        from.resume()
      }, slowMs)
    })
  }

  const accept = (client: Socket): void => {
    if (faults.has('refuse')) return void client.resetAndDestroy()
    const server = connect({ port: Number(port), host: hostname, noDelay: true })
    const link: Link = { client, server, damaged: false }
    links.add(link)
    for (const socket of [client, server]) {
      socket.on('error', () => undefined)
      socket.on('close', () => {
        links.delete(link)
        client.destroy()
        server.destroy()
      })
    }
    pass(link, client, server)
    pass(link, server, client)
  }

  const listener = createServer({ noDelay: true, allowHalfOpen: true }, accept)
  const own = await listen(listener)
  return {
    url: `${protocol}//127.0.0.1:${own}`,
    port: own,
    get open() {
      return links.size
    },
    get lostBytes() {
      return lostBytes
    },
    inflict: (fault) => {
      if (fault === 'cut') return cut(() => true)
      if (fault === 'halfClose') {
        for (const { client } of links) client.end()
        return
      }
      faults.add(fault)
      if (fault === 'refuse') cut(() => true)
    },
    heal: () => {
      faults.clear()
      cut(({ damaged }) => damaged)
    },
    [Symbol.asyncDispose]: async () => {
      cut(() => true)
      listener.close()
      await once(listener, 'close')
    },
  }
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the proxy does not listen on a port')
  return address.port
}
