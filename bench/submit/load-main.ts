/** The client of both sides, in a process of its own: sends so many submits, so many at once, and says how long it took. */
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { IDEMPOTENCY_HEADER } from '@orchestrator/shared/contracts'
import type { LoadOrder, LoadResult } from './load.ts'

const ACKNOWLEDGED = 'HTTP/1.1 202 '
const HEAD_END = '\r\n\r\n'

process.on('message', (order: LoadOrder) => {
  void send(order).then((result) => process.send?.(result))
})

/** As little work as can be for each request, so that it is the server that is measured. */
async function send(order: LoadOrder): Promise<LoadResult> {
  const sockets = await Promise.all(Array.from({ length: order.inFlight }, () => open(order.port)))
  let next = 0
  let acknowledged = 0
  const startedMs = performance.now()
  const drive = async (socket: Socket): Promise<void> => {
    const answered = Promise.withResolvers<void>()
    const goOn = (): void => {
      if (next === order.requests) return answered.resolve()
      socket.write(requestOf(order, next))
      next += 1
    }
    onAnswer(socket, (isAcknowledged) => {
      if (isAcknowledged) acknowledged += 1
      goOn()
    })
    socket.once('error', answered.reject).once('close', () => answered.resolve())
    goOn()
    await answered.promise
  }
  await Promise.all(sockets.map(drive))
  const seconds = (performance.now() - startedMs) / 1000
  for (const socket of sockets) socket.destroy()
  return { acknowledged, seconds }
}

async function open(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true }).setEncoding('latin1')
  await once(socket, 'connect')
  return socket
}

function requestOf({ port, firstTask, services }: LoadOrder, i: number): string {
  const task = firstTask + i
  const body = `{"service":"service-${task % services}","taskId":"${Math.floor(task / services) + 1}"}`
  return [
    'POST /v1/tasks HTTP/1.1',
    `host: 127.0.0.1:${port}`,
    'content-type: application/json',
    `content-length: ${body.length}`,
    `${IDEMPOTENCY_HEADER}: ${randomUUID()}`,
    `\r\n${body}`,
  ].join('\r\n')
}

/** Each answer has a length, and comes before the next request is sent. */
function onAnswer(socket: Socket, callBack: (isAcknowledged: boolean) => void): void {
  let text = ''
  socket.on('data', (chunk: string) => {
    text += chunk
    const headEnd = text.indexOf(HEAD_END)
    if (headEnd < 0) return
    const length = Number(/content-length: (\d+)/i.exec(text)?.[1])
    if (text.length < headEnd + HEAD_END.length + length) return
    const isAcknowledged = text.startsWith(ACKNOWLEDGED)
    if (!isAcknowledged) process.stderr.write(`${text}\n`)
    text = ''
    callBack(isAcknowledged)
  })
}
