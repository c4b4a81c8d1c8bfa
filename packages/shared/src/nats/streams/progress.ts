import type { Broker } from '../connection/connection.ts'
import type { FollowOptions, Progress, StoredEvent } from '../ports.ts'
import { PROGRESS } from '../topology/topology-streams.ts'
import { isProgress, type ProgressEvent, readOrLog } from './event-reading.ts'
import { followStream, lastSequence } from './stream-reader.ts'

const AHEAD = 500

export function createProgress(broker: Broker): Progress {
  return {
    publish: async (subject, event) => {
      await broker.publish({ subject, data: JSON.stringify(event), stream: PROGRESS })
    },
    follow: (options) => followProgress(broker, options),
    lastSeq: async (signal) => {
      signal.throwIfAborted()
      return lastSequence(broker, PROGRESS)
    },
  }
}

async function* followProgress(broker: Broker, options: FollowOptions): AsyncGenerator<StoredEvent<ProgressEvent>> {
  for await (const message of followStream({ broker, stream: PROGRESS, ahead: AHEAD }, options)) {
    const stored = readOrLog(message, { logger: broker.logger, onPassedOver: options.onPassedOver })
    if (stored !== undefined && isProgress(stored)) yield stored
  }
}
