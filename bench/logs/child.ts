import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

/** Starts one of the processes here and gives it its order. @returns what it answers, message by message */
export function startChild(file: 'write-main.ts' | 'read-main.ts', order: object): Child {
  const child = fork(join(import.meta.dirname, file))
  const failed = once(child, 'exit').then(() => {
    throw new Error(`${file} ended early`)
  })
  failed.catch(() => undefined)
  child.send(order)
  return {
    pid: child.pid ?? 0,
    answer: async () => {
      const [message]: unknown[] = await Promise.race([once(child, 'message'), failed])
      return message
    },
    [Symbol.dispose]: () => void child.kill(),
  }
}

export interface Child extends Disposable {
  readonly pid: number
  answer(): Promise<unknown>
}
