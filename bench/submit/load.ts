import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

export interface LoadOrder {
  readonly port: number
  /** Tasks are numbered from here on: none is sent twice. */
  readonly firstTask: number
  readonly services: number
  readonly requests: number
  readonly inFlight: number
}

export interface LoadResult {
  readonly acknowledged: number
  readonly seconds: number
}

export interface Load extends AsyncDisposable {
  readonly pid: number
  send(order: LoadOrder): Promise<LoadResult>
}

export function startLoad(): Load {
  const child = fork(join(import.meta.dirname, 'load-main.ts'))
  return {
    pid: child.pid ?? 0,
    send: async (order) => {
      const answered = once(child, 'message')
      child.send(order)
      const [result] = (await answered) as [LoadResult]
      if (result.acknowledged === order.requests) return result
      throw new Error(`port ${order.port} acknowledged ${result.acknowledged} of ${order.requests} submits`)
    },
    [Symbol.asyncDispose]: async () => {
      const ended = once(child, 'exit')
      child.kill()
      await ended
    },
  }
}
