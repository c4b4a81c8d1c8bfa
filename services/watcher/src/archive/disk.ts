import { Worker } from 'node:worker_threads'
import { raceAbort, RetryableError } from '@orchestrator/shared/core'
import type { DiskAnswer, DiskOrder } from './disk-work.ts'

/** Has its orders carried out on a thread of its own. Disposing waits for those under way. */
export interface Disk extends AsyncDisposable {
  /**
   * @returns `exists`: something is there that may not be replaced
   * @throws errors of the file system; RetryableError RUNTIME_UNAVAILABLE when the thread is lost
   */
  order(order: DiskOrder, signal: AbortSignal): Promise<'done' | 'exists'>
}

export interface DiskOptions {
  readonly directory: string
  /** How long orders wait for others, to reach the disk together. */
  readonly gatherMs: number
}

interface Waiting {
  readonly order: DiskOrder
  readonly resolve: (kind: 'done' | 'exists') => void
  readonly reject: (error: Error) => void
}

const THREAD = new URL('disk-thread.ts', import.meta.url)

/** The thread is started with the first order, and anew when it was lost. */
export function openDisk({ directory, gatherMs }: DiskOptions): Disk {
  let gathered: Waiting[] = []
  /** Oldest first, as they are answered. */
  let sent: (readonly Waiting[])[] = []
  let sending: NodeJS.Timeout | undefined
  let thread: Worker | undefined
  let calm = Promise.withResolvers<void>()

  const settle = (answers: readonly DiskAnswer[]): void => {
    const batch = sent.shift() ?? []
    batch.forEach((waiting, i) => answer(waiting, answers[i]))
    if (sent.length > 0) return
    thread?.unref()
    calm.resolve()
  }

  const start = (): Worker => {
    const started = new Worker(THREAD, { argv: [directory], execArgv: [] })
    const lose = (cause?: unknown): void => {
      if (thread !== started) return
      thread = undefined
      const lost = new RetryableError('RUNTIME_UNAVAILABLE', 'the thread that writes the archive has ended', { cause })
      for (const { reject } of sent.flat()) reject(lost)
      sent = []
      calm.resolve()
    }
    return started.on('message', settle).once('error', lose).once('exit', lose)
  }

  const send = (): void => {
    sending = undefined
    if (sent.length === 0) calm = Promise.withResolvers()
    sent.push(gathered)
    thread ??= start()
    thread.ref()
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- threads have no origin
    thread.postMessage(gathered.map(({ order }) => order))
    gathered = []
  }

  return {
    order: async (order, signal) => {
      signal.throwIfAborted()
      const { promise, resolve, reject } = Promise.withResolvers<'done' | 'exists'>()
      gathered.push({ order, resolve, reject })
      sending ??= setTimeout(send, gatherMs)
      promise.catch(() => undefined)
      return await raceAbort(promise, signal)
    },
    [Symbol.asyncDispose]: async () => {
      clearTimeout(sending)
      if (sent.length > 0) await calm.promise
      const ended = thread
      thread = undefined
      await ended?.terminate()
    },
  }
}

function answer({ resolve, reject }: Waiting, given: DiskAnswer | undefined): void {
  if (given === undefined) return reject(new Error('an order without an answer'))
  if (given.kind !== 'failed') return resolve(given.kind)
  const { message, code, errno } = given
  reject(Object.assign(new Error(message), { code, errno }))
}
