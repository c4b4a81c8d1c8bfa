import type { ServerResponse } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'

/** Server-sent events at the pace of the script. */
export interface EventStream {
  send(type: string, data: Readonly<Record<string, unknown>>): Promise<void>
  end(): void
  /** The connection breaks. */
  cut(): void
}

export function openEventStream(response: ServerResponse, paceMs: number): EventStream {
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' })
  return {
    send: async (type, data) => {
      if (response.destroyed) return
      response.write(`event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`)
      if (paceMs > 0) await delay(paceMs)
    },
    end: () => response.end(),
    cut: () => response.destroy(),
  }
}
