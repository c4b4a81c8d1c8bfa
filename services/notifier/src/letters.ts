import type { DeadLetters } from '@orchestrator/shared/nats'
import type { Letters } from './telling/tell-task.ts'

/** What channels refuse, as dead letters of the durable. */
export function createLetters(letters: Pick<DeadLetters, 'add' | 'end'>, durable: string): Letters {
  return {
    reject: async ({ stored, channel, reason, letter }) => {
      const { seq: sequence, subject, event } = stored
      const text = `${event.type} of ${event.subject}: the channel ${reason}`
      const place = { durable, stream: 'TASKS', sequence, subject, channel }
      const next = await letters.add({ ...place, reason: 'rejected', tries: 1, text })
      if (letter !== undefined) await letters.end({ durable, letter }, { outcome: 'failed', next })
    },
    end: async (letter, { kind, ...why }) => await letters.end({ durable, letter }, { outcome: kind, ...why }),
  }
}
