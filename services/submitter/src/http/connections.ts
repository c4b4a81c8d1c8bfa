import type { Server } from 'node:http'
import type { Socket } from 'node:net'

export interface Connections {
  /**
   * Ends all that have no request under way, and those that come yet: a half-sent request, or a connection that a client
   * has opened ahead, as `fetch` does after a stream that it has left, would keep a server open that closes.
   */
  endWaiting(): void
}

/**
 * Bounds how many connections there are. Beyond that the one that has waited longest without a whole request goes, so that
 * connections which send nothing, or a byte now and then, keep nobody out.
 * @param refusal what it is told, as HTTP has it
 */
export function boundConnections(server: Server, max: number, refusal: string): Connections {
  /** Oldest first. */
  const waiting = new Set<Socket>()
  const underWay = new Map<Socket, number>()
  let open = 0
  let isEnding = false
  server.on('connection', (socket: Socket) => {
    if (isEnding) socket.destroy()
    open += 1
    waiting.add(socket)
    socket.once('close', () => {
      open -= 1
      waiting.delete(socket)
      underWay.delete(socket)
    })
    if (open <= max) return
    const [longest] = waiting
    if (longest === undefined) return
    waiting.delete(longest)
    longest.end(refusal, () => longest.destroy())
  })
  server.on('request', ({ socket }, response) => {
    waiting.delete(socket)
    underWay.set(socket, (underWay.get(socket) ?? 0) + 1)
    response.once('close', () => {
      const left = (underWay.get(socket) ?? 1) - 1
      underWay.set(socket, left)
      if (left === 0 && !socket.destroyed) waiting.add(socket)
    })
  })
  return {
    endWaiting: () => {
      isEnding = true
      for (const socket of waiting) socket.destroy()
    },
  }
}
