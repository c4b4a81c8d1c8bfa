/** The thread of `disk.ts`: `argv[2]` is the directory, each message a row of orders. */
import { parentPort } from 'node:worker_threads'
import { createDiskWork, type DiskOrder } from './disk-work.ts'

const work = createDiskWork(process.argv[2] ?? '')

parentPort?.on('message', (orders: readonly DiskOrder[]) => {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- threads have no origin
  parentPort?.postMessage(work(orders))
})
