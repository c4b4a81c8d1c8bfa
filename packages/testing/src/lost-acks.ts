import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** Stands before a broker and loses some of its acknowledgements of stored events; everything else passes untouched. */
export interface LostAcksProxy extends AsyncDisposable {
  readonly url: string
  /** Acknowledgements that came by, and how many of them were lost. */
  readonly passed: number
  readonly lost: number
}

export interface LostAcksOptions {
  readonly target: string
  /** Of the stream whose acknowledgements are lost. */
  readonly stream: string
  /** @param nth of the acknowledgements that have come by, from 1 */
  readonly loses: (nth: number) => boolean
}

export async function startLostAcks({ target, stream, loses }: LostAcksOptions): Promise<LostAcksProxy> {
  const { hostname, port } = new URL(target)
  const sockets = new Set<Socket>()
  const marker = `{"stream":"${stream}",`
  let seen = 0
  let lost = 0
  const isLost = (frame: Buffer): boolean => {
    // What follows a stream's name in an acknowledgement; other answers begin with their type.
    if (!frame.subarray(frame.indexOf('\r\n')).toString('latin1').trimStart().startsWith(marker)) return false
    seen += 1
    if (!loses(seen)) return false
    lost += 1
    return true
  }
  const listener = createServer({ noDelay: true }, (client) => {
    const server = connect({ port: Number(port), host: hostname, noDelay: true })
    let rest: Buffer = Buffer.alloc(0)
    client.on('data', (bytes) => server.write(bytes))
    server.on('data', (bytes) => {
      const { frames, tail } = takeFrames(Buffer.concat([rest, bytes]))
      rest = tail
      for (const frame of frames) if (!isLost(frame)) client.write(frame)
    })
    for (const socket of [client, server]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        sockets.delete(socket)
        client.destroy()
        server.destroy()
      })
    }
  }).listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const address = listener.address()
  return {
    url: `nats://127.0.0.1:${address === null || typeof address === 'string' ? 0 : address.port}`,
    get passed() {
      return seen - lost
    },
    get lost() {
      return lost
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      listener.close()
      await once(listener, 'close')
    },
  }
}

/** What the broker says, in whole pieces: a line, and the payload that a message's line announces as its last number. */
function takeFrames(bytes: Buffer): { readonly frames: readonly Buffer[]; readonly tail: Buffer } {
  const frames: Buffer[] = []
  let start = 0
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', start)
    if (lineEnd < 0) break
    const size = /^H?MSG .* (\d+)$/.exec(bytes.toString('latin1', start, lineEnd))?.[1]
    const end = lineEnd + 2 + (size === undefined ? 0 : Number(size) + 2)
    if (end > bytes.length) break
    frames.push(bytes.subarray(start, end))
    start = end
  }
  return { frames, tail: bytes.subarray(start) }
}
