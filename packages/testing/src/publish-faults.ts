import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'

/**
 * What happens to one publish on the stream `TASKS`.
 *
 * - `lostAck`: it is stored, and its acknowledgement never comes; the connection stays.
 * - `duplicateAck`: it is not stored, and acknowledged as a duplicate all the same, as some servers do.
 * - `cutAfter`: it is stored, and the connection is cut before the acknowledgement.
 * - `cutBefore`: the connection is cut before it reaches the broker.
 * - `refusal`: somebody else publishes on its subject at that moment.
 */
export const PUBLISH_FAULTS = ['lostAck', 'duplicateAck', 'cutAfter', 'cutBefore', 'refusal'] as const
export type PublishFault = (typeof PUBLISH_FAULTS)[number]

export interface PublishFaultOptions {
  /** The broker that the proxy stands before. */
  readonly target: string
  /** Of the event whose first publish is met. */
  readonly type: string
  readonly fault: PublishFault
  /** What somebody else does, for `refusal`. */
  readonly rival: () => Promise<unknown>
}

export interface PublishFaultProxy extends AsyncDisposable {
  readonly url: string
  /** How often the fault was inflicted: 1 once it has happened. */
  readonly inflicted: number
}

/** The broker's acknowledgement of a stored event, as it is on the wire. */
const ACK = /MSG \S+ \d+ \d+\r\n\{"stream":"TASKS",[^\r\n]*\}\r\n/
/** The client's subscriptions to answers. */
const INBOXES = /SUB (_INBOX\S*\.)\* (\d+)\r\n/g
const PUBLISH = /HPUB \S+ (\S+) \d+ (\d+)\r\n/

/** Stands between one client and the broker, and breaks the first publish of one type of event. */
export async function startPublishFaults(options: PublishFaultOptions): Promise<PublishFaultProxy> {
  const { target, fault, type, rival } = options
  const { hostname, port } = new URL(target)
  const sockets = new Set<Socket>()
  let met = false
  let inflicted = 0

  const accept = (client: Socket): void => {
    const server = connect({ port: Number(port), host: hostname, noDelay: true })
    const cut = (): void => {
      client.resetAndDestroy()
      server.resetAndDestroy()
    }
    let waitsForAck = false
    const inboxes = new Map<string, string>()

    const toServer = async (bytes: Buffer): Promise<void> => {
      for (const [, prefix = '', sid = ''] of bytes.toString('latin1').matchAll(INBOXES)) inboxes.set(prefix, sid)
      const isPublish = !met && bytes.includes(`"type":"${type}"`) && bytes.includes('PUB ')
      if (!isPublish) return void server.write(bytes)
      met = true
      waitsForAck = fault === 'lostAck' || fault === 'cutAfter'
      if (!waitsForAck) inflicted += 1
      if (fault === 'cutBefore') return cut()
      if (fault === 'duplicateAck') return withhold(bytes)
      if (fault === 'refusal') await rival()
      server.write(bytes)
    }

    const withhold = (bytes: Buffer): void => {
      const { reply, before, after } = takePublish(bytes)
      for (const rest of [before, after]) if (rest.length > 0) server.write(rest)
      const inbox = inboxes.get(reply.slice(0, reply.lastIndexOf('.') + 1))
      const payload = '{"stream":"TASKS","seq":1,"duplicate":true}'
      client.write(`MSG ${reply} ${inbox} ${payload.length}\r\n${payload}\r\n`)
    }

    const toClient = (bytes: Buffer): void => {
      const text = waitsForAck ? bytes.toString('latin1') : ''
      if (!ACK.test(text)) return void client.write(bytes)
      waitsForAck = false
      inflicted += 1
      if (fault === 'cutAfter') return cut()
      client.write(Buffer.from(text.replace(ACK, ''), 'latin1'))
    }

    const pump = async (): Promise<void> => {
      // One after the other, so that what waits for a rival keeps its place.
      for await (const bytes of client) await toServer(bytes)
    }
    for (const socket of [client, server]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        sockets.delete(socket)
        client.destroy()
        server.destroy()
      })
    }
    void pump().catch(() => undefined)
    server.on('data', toClient)
  }

  const listener = createServer({ noDelay: true }, accept)
  const own = await listen(listener)
  return {
    url: `nats://127.0.0.1:${own}`,
    get inflicted() {
      return inflicted
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      listener.close()
      await once(listener, 'close')
    },
  }
}

interface TakenPublish {
  readonly reply: string
  /** What came with it in the same piece. */
  readonly before: Buffer
  readonly after: Buffer
}

function takePublish(bytes: Buffer): TakenPublish {
  const found = PUBLISH.exec(bytes.toString('latin1'))
  if (found === null) throw new Error('the publish came in pieces')
  const [line, reply = '', size = ''] = found
  const end = found.index + line.length + Number(size) + '\r\n'.length
  return { reply, before: bytes.subarray(0, found.index), after: bytes.subarray(end) }
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the proxy does not listen on a port')
  return address.port
}
