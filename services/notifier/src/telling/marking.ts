/** What the durable does: it marks, and settles. How long a sink takes is not its business. */
import { TerminalError } from '@orchestrator/shared/core'
import type { Handler, ReplayHandler } from '@orchestrator/shared/nats'
import { toTaskEvent } from '../routing.ts'
import type { ChannelTeller } from './channel-teller.ts'

type Marker = Pick<ChannelTeller, 'name' | 'mark' | 'markAgain'>

export function createMarkHandler(tellers: readonly Marker[]): Handler {
  return async ({ stored }) => {
    const news = toTaskEvent(stored)
    if (news === undefined) return
    await Promise.all(tellers.map((teller) => teller.mark(news.task, news.stored)))
  }
}

/** What one channel refused is told again by that channel alone, which then says how it ended; all else is only marked. */
export function createReplayHandler(tellers: readonly Marker[]): ReplayHandler {
  const mark = createMarkHandler(tellers)
  return async (delivery) => {
    const { stored, letter, channel } = delivery
    const news = toTaskEvent(stored)
    if (news === undefined) return { kind: 'obsolete', text: `${stored.event.type} is nothing that channels tell` }
    if (channel === undefined) {
      await mark(delivery)
      return { kind: 'handled' }
    }
    const teller = tellers.find(({ name }) => name === channel)
    if (teller === undefined) throw new TerminalError('NOT_FOUND', noChannel(channel))
    await teller.markAgain(news.task, { sequence: stored.seq, letter })
    return { kind: 'later' }
  }
}

function noChannel(name: string): string {
  return `there is no channel ${JSON.stringify(name)} in the settings: add it under this name, then replay this letter`
}
