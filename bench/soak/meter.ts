/** In a service under the soak: says what it holds, to whoever connects. */
import { createServer } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

export function serveMeter(socketPath: string): void {
  setFlagsFromString('--expose-gc')
  const collect: unknown = runInNewContext('gc')
  // All that can go goes, pages that the engine keeps for later too: what is left is held by somebody.
  const everything = { type: 'major', execution: 'sync', flavor: 'last-resort' }
  createServer((socket) => {
    if (typeof collect === 'function') for (let i = 0; i < 3; i += 1) collect(everything)
    const { heapUsed, external } = process.memoryUsage()
    socket.end(JSON.stringify({ heapUsed, external, resources: process.getActiveResourcesInfo().length }))
  })
    .listen(socketPath)
    .unref()
}
