import type { JsMsg } from '@nats-io/jetstream'

/**
 * Acknowledgements that wait a moment for each other or for something else that is sent, to go in one write to the socket: a
 * write for each costs both sides more than all the rest of it. Whatever is lost meanwhile is delivered again, as after any crash.
 */
export interface GatheredAcks {
  add(message: Pick<JsMsg, 'ack'>): void
  /** Sends those that wait. */
  flush(): void
}

export interface GatheredAcksOptions {
  readonly gatherMs: number
  /** On a closed connection nothing can be acknowledged any more. */
  readonly onFailure: (error: unknown) => void
}

export function createGatheredAcks({ gatherMs, onFailure }: GatheredAcksOptions): GatheredAcks {
  let waiting: Pick<JsMsg, 'ack'>[] = []
  let timer: NodeJS.Timeout | undefined
  const flush = (): void => {
    clearTimeout(timer)
    timer = undefined
    const settled = waiting
    waiting = []
    try {
      for (const message of settled) message.ack()
    } catch (error) {
      onFailure(error)
    }
  }
  return {
    add: (message) => {
      waiting.push(message)
      timer ??= setTimeout(flush, gatherMs)
    },
    flush,
  }
}
