/** Times of single reads over one connection that is kept. */
import { Agent, get } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { quantile } from '../measure/statistics.ts'

export interface Reader extends Disposable {
  /** Reads each path once, one after the other. @returns the median, milliseconds */
  p50Ms(paths: readonly string[]): Promise<number>
}

export function createReader(port: number): Reader {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const read = async (path: string): Promise<number> => {
    const startedMs = performance.now()
    const { promise, resolve, reject } = Promise.withResolvers<number>()
    get({ agent, host: '127.0.0.1', port, path }, (response) => {
      if (response.statusCode !== 200) reject(new Error(`${path}: ${response.statusCode}`))
      buffer(response).then(() => resolve(performance.now() - startedMs), reject)
    }).once('error', reject)
    return await promise
  }
  return {
    p50Ms: async (paths) => {
      const times: number[] = []
      for (const path of paths) times.push(await read(path))
      return quantile(times, 0.5)
    },
    [Symbol.dispose]: () => agent.destroy(),
  }
}
