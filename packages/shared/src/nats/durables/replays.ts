/** Takes what a person asked to have handled again from `DEADLETTERS`, and hands it on as if it had just come. */
import { ReplayRequest } from '../../contracts/index.ts'
import { describeError } from '../../core/index.ts'
import type { BrokerLog } from '../connection/connection.ts'
import { letterOf, parseMessage } from '../dead-letters/dead-letter-reading.ts'
import type { DeadLetters } from '../dead-letters/dead-letters.ts'
import { readMessage } from '../streams/event-reading.ts'
import type { Taken } from './durable-pull.ts'
import type { MessageHandling } from './message-handling.ts'

export interface ReplayWorld {
  readonly durable: string
  readonly letters: Pick<DeadLetters, 'state' | 'message' | 'end'>
  readonly handling: MessageHandling
  readonly logger: BrokerLog
}

const REPLAY_RETRY_MS = 5000

/**
 * A replay that came to its end before is only acknowledged: requests come again after a crash, and all of them when the
 * durable was lost.
 */
export async function takeReplay(world: ReplayWorld, taken: Taken): Promise<void> {
  const { message, ack } = taken
  const request = parseMessage(ReplayRequest, message)
  const letter = letterOf(message.subject)
  if (request === undefined) {
    world.logger.error({ seq: message.seq, subject: message.subject }, 'a replay request cannot be read')
    return ack()
  }
  try {
    await replay(world, { ...taken, request, letter })
  } catch (error) {
    world.logger.warn({ letter, error: describeError(error) }, 'a replay comes again')
    message.nak(REPLAY_RETRY_MS)
  }
}

interface Asked extends Taken {
  readonly request: ReplayRequest
  readonly letter: number
}

async function replay(
  { durable, letters, handling, logger }: ReplayWorld,
  { request, letter, ...taken }: Asked,
): Promise<void> {
  const { stream, sequence, channel } = request
  const state = await letters.state(durable, letter)
  if (state.kind !== 'open' && state.kind !== 'replaying') return taken.ack()
  const found = await letters.message(request)
  if (found === undefined) {
    logger.info({ letter, stream, sequence }, 'a replay is obsolete: its message is gone')
    await letters.end({ durable, letter }, { outcome: 'obsolete', text: `${stream} no longer holds the message` })
    return taken.ack()
  }
  await handling.handle({
    ...taken,
    about: { stream, seq: found.seq, subject: found.subject },
    read: readMessage(found),
    trace: found.header,
    replay: { letter, channel },
  })
}
