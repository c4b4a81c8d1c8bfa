import { once } from 'node:events'
import { createServer } from 'node:net'

/** Below the range from which the system itself chooses. */
const FIRST = 20_000
const COUNT = 12_000
let next = (process.pid * 97) % COUNT

/** A port that nobody listens on: for a process that must come back on the same one. */
export async function freePort(): Promise<number> {
  for (;;) {
    next = (next + 1) % COUNT
    const port = FIRST + next
    if (await isFree(port)) return port
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  server.listen(port, '127.0.0.1')
  const listens = await once(server, 'listening').then(
    () => true,
    () => false,
  )
  if (listens) {
    server.close()
    await once(server, 'close')
  }
  return listens
}
