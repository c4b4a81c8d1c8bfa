/**
 * A machine without work: a workload is done the moment that it is let go. Launcher and watcher share it through a
 * socket, as they share a disk in the process runtime.
 */
import { once } from 'node:events'
import { createServer, connect } from 'node:net'
import { createInterface } from 'node:readline'
import { Recent } from './recent.ts'

export const RUNTIME = 'none'
export const LOCATION = 'bench'

/** The launcher's end of the socket. */
export async function connectMachine(path: string): Promise<(submittedId: string) => void> {
  const socket = connect(path)
  await once(socket, 'connect')
  // Else the launcher would not end before the watcher.
  socket.unref()
  return (submittedId) => void socket.write(`${submittedId}\n`)
}

/** The watcher's end: which workloads were let go. */
export interface Machine {
  isDone(submittedId: string): boolean
  /** Calls back once; never, when it was done before. */
  onDone(submittedId: string, callBack: () => void): Disposable
}

export async function serveMachine(path: string): Promise<Machine> {
  const done = new Recent()
  const waiting = new Map<string, () => void>()
  const server = createServer((socket) => {
    createInterface({ input: socket }).on('line', (submittedId) => {
      done.add(submittedId)
      waiting.get(submittedId)?.()
    })
  }).listen(path)
  await once(server, 'listening')
  server.unref()
  return {
    isDone: (submittedId) => done.has(submittedId),
    onDone: (submittedId, callBack) => {
      waiting.set(submittedId, callBack)
      return { [Symbol.dispose]: () => void waiting.delete(submittedId) }
    },
  }
}
