import { raceAbort } from '@orchestrator/shared/core'
import { type EmbeddedBroker, type EmbeddedBrokerOptions, startEmbeddedBroker } from '@orchestrator/shared/nats'

/** The broker of `up`: whenever it dies, it is started again on the same port, under the services that reconnect. */
export interface SupervisedBroker extends AsyncDisposable {
  /** The one that was started, or adopted, first. */
  readonly first: EmbeddedBroker
  /** Rejects when it cannot be started again. */
  readonly failed: Promise<never>
}

export async function superviseBroker(options: EmbeddedBrokerOptions): Promise<SupervisedBroker> {
  const first = await startEmbeddedBroker(options)
  const stop = new AbortController()
  const port = Number(new URL(first.url).port)
  let current = first

  const keepUp = async (): Promise<never> => {
    for (;;) {
      await raceAbort(current.exited, stop.signal)
      options.logger.warn({ pid: current.pid }, 'the broker died and is started again')
      current = await startEmbeddedBroker({ ...options, port, signal: stop.signal })
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
