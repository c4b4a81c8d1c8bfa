import {
  type Backoff,
  backoffMs,
  describeError,
  isAbort,
  isRetryable,
  raceAbort,
  systemClock,
} from '@orchestrator/shared/core'
import { type EmbeddedBroker, type EmbeddedBrokerOptions, startEmbeddedBroker } from '@orchestrator/shared/nats'

/**
 * The broker of `up`: whenever it dies, it is started again on the same port, under the services that reconnect; so it is
 * when its disk was full, once there is space.
 */
export interface SupervisedBroker extends AsyncDisposable {
  /** The one that was started, or adopted, first. */
  readonly first: EmbeddedBroker
  /** Rejects when it cannot be started again. */
  readonly failed: Promise<never>
}

const RESTART: Backoff = { firstMs: 250, maxMs: 5000 }
const LOOK_MS = 2000
/** Less would be gone again at once. */
const SPACE_BYTES = 32 * 1024 * 1024

export async function superviseBroker(options: EmbeddedBrokerOptions): Promise<SupervisedBroker> {
  const first = await startEmbeddedBroker(options)
  const stop = new AbortController()
  const restart = { ...options, port: Number(new URL(first.url).port), signal: stop.signal }
  let current = first

  const keepUp = async (): Promise<never> => {
    for (;;) {
      await untilEnded(current, restart)
      options.logger.warn({ pid: current.pid }, 'the broker died and is started again')
      current = await startAgain(restart)
    }
  }
  const supervision = keepUp()
  supervision.catch(() => undefined) // its owner sees it by `failed`, also after the start has failed

  return {
    first,
    failed: supervision,
    [Symbol.asyncDispose]: async () => {
      stop.abort(new DOMException('the installation stops', 'AbortError'))
      await Promise.allSettled([supervision])
      await current[Symbol.asyncDispose]()
    },
  }
}

/** It has died, or was ended because it would never write again. */
async function untilEnded(broker: EmbeddedBroker, options: EmbeddedBrokerOptions): Promise<void> {
  const over = new AbortController()
  const signal = AbortSignal.any([options.signal, over.signal])
  const watching = endWhenUseless(broker, options, signal).catch((error: unknown) => {
    if (!isAbort(error, signal)) options.logger.error({ problem: describeError(error) }, 'the broker is not watched')
  })
  try {
    await raceAbort(broker.exited, options.signal)
  } finally {
    over.abort()
    await watching
  }
}

async function endWhenUseless(
  broker: EmbeddedBroker,
  { logger, directory }: EmbeddedBrokerOptions,
  signal: AbortSignal,
): Promise<void> {
  let told = false
  for (;;) {
    await systemClock.sleep(LOOK_MS, signal)
    // No answer says nothing: it may be dying, or be of an earlier release.
    const problem = await broker.writeProblem(signal).catch(() => undefined)
    if (problem === undefined) continue
    const freeBytes = await broker.freeBytes()
    if (freeBytes >= SPACE_BYTES) {
      logger.warn({ directory, freeBytes }, 'the broker can write again once it is started again')
      return await broker[Symbol.asyncDispose]()
    }
    if (!told) logger.error({ directory, freeBytes, problem }, 'the disk of the broker is full: free space there')
    told = true
  }
}

/** @throws what no other try would change, such as a directory that somebody else has */
async function startAgain(options: EmbeddedBrokerOptions): Promise<EmbeddedBroker> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await startEmbeddedBroker(options)
    } catch (error) {
      if (options.signal.aborted || !isRetryable(error)) throw error
      options.logger.error({ tries, problem: describeError(error) }, 'the broker could not be started again yet')
      await systemClock.sleep(backoffMs(tries, RESTART), options.signal)
    }
  }
}
