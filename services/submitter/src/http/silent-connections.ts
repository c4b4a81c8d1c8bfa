import type { Server } from 'node:http'
import type { Socket } from 'node:net'

/**
 * Ends the connections on which nothing was ever asked, when no more requests are to come: they would keep the server open
 * until their first request is overdue. Clients open them ahead, `fetch` for one after a stream that it has left.
 */
export function endSilentConnections(server: Server, closing: AbortSignal): void {
  const silent = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    silent.add(socket)
    socket.once('close', () => silent.delete(socket))
    if (closing.aborted) socket.destroy()
  })
  server.on('request', ({ socket }) => silent.delete(socket))
  closing.addEventListener('abort', () => silent.forEach((socket) => socket.destroy()), { once: true })
}
