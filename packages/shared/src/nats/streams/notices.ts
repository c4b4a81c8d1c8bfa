import { errors, type Msg } from '@nats-io/nats-core'
import { describeError } from '../../core/index.ts'
import { ask } from '../connection/broker-errors.ts'
import type { Broker } from '../connection/connection.ts'
import type { Notices } from '../ports.ts'

const encoder = new TextEncoder()

export function createNotices(broker: Broker): Notices {
  const { nc } = broker
  return {
    tell: async (subject, message) => {
      nc.publish(subject, encode(message))
      await ask(broker, `telling ${subject}`, () => nc.flush())
    },
    gather: async (subject, message, waitMs) => {
      const options = { strategy: 'timer', maxWait: waitMs } as const
      return await ask(broker, `asking ${subject}`, async () => {
        try {
          const answers = await nc.requestMany(subject, encode(message), options)
          return (await Array.fromAsync(answers)).flatMap(decode)
        } catch (error) {
          if (isNobodyThere(error)) return []
          throw error
        }
      })
    },
    listen: (subject, handler, { queue } = {}) => {
      const subscription = nc.subscribe(subject, {
        ...(queue === undefined ? {} : { queue }),
        callback: (error, message) => {
          if (error === null) answer(broker, message, handler)
        },
      })
      return { [Symbol.dispose]: () => subscription.unsubscribe() }
    },
  }
}

/** A handler that fails answers nothing: whoever asked sees that somebody is missing. */
function answer(broker: Broker, message: Msg, handler: (message: unknown) => unknown): void {
  try {
    for (const content of decode(message)) {
      const said = handler(content)
      if (said !== undefined) message.respond(encode(said))
    }
  } catch (error) {
    broker.logger.warn({ subject: message.subject, error: describeError(error) }, 'a notice was not handled')
  }
}

function isNobodyThere(error: unknown): boolean {
  return error instanceof errors.NoRespondersError || (error instanceof errors.RequestError && error.isNoResponders())
}

function encode(message: unknown): Uint8Array {
  return encoder.encode(JSON.stringify(message))
}

/** Empty for what is no JSON. */
function decode(message: Msg): readonly unknown[] {
  try {
    return [message.json<unknown>()]
  } catch {
    return []
  }
}
