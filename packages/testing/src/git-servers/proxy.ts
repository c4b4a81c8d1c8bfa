/** A proxy as networks have them: passes on what it cannot read (CONNECT). */
import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect, type Socket } from 'node:net'
import { pipeline } from 'node:stream'

export interface ConnectProxy extends AsyncDisposable {
  readonly url: string
  /** What it was asked for and with which headers, as JSON. */
  readonly asked: readonly string[]
}

export async function startConnectProxy(): Promise<ConnectProxy> {
  const asked: string[] = []
  const server = createServer().on('connect', ({ url = '', headers }, caller: Socket) => {
    asked.push(JSON.stringify([url, headers]))
    const { hostname, port } = new URL(`http://${url}`)
    const other = connect({ host: hostname, port: Number(port) })
    other.once('connect', () => caller.write('HTTP/1.1 200 OK\r\n\r\n'))
    pipeline(caller, other, caller, () => undefined)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    asked,
    [Symbol.asyncDispose]: async () => {
      server.close()
      await once(server, 'close')
    },
  }
}
