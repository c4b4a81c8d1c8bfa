import type { Clock } from '@orchestrator/shared/core'
import { z } from 'zod'
import type { Client } from './client.ts'
import { type LogLine, parseLogLine } from './texts/log-line.ts'
import { isPassing, PATIENCE_MS, POLL_MS } from './watch-attempt.ts'

export interface LogReading {
  readonly client: Pick<Client, 'logs'>
  readonly name: string
  readonly fromLine: number
  readonly follow: boolean
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly onTrouble: () => void
}

export interface ReadLine {
  readonly json: string
  /** `undefined` for a line of another release. */
  readonly line: LogLine | undefined
}

/** The log line by line; while following, a connection that breaks is made again where it broke. */
export async function* readLog(reading: LogReading): AsyncGenerator<ReadLine> {
  const { client, name, follow, clock, signal, onTrouble } = reading
  let fromLine = reading.fromLine
  let giveUpAt = Number.POSITIVE_INFINITY
  for (;;) {
    try {
      for await (const json of client.logs(name, { fromLine, follow })) {
        const line = parseLogLine(json)
        giveUpAt = Number.POSITIVE_INFINITY
        fromLine = Math.max(fromLine, lastLineOf(json) + 1)
        yield { json, line }
        if (line?.kind === 'end') return
      }
      if (!follow) return
    } catch (error) {
      signal.throwIfAborted()
      if (!follow || !isBroken(error) || clock.monotonicMs() >= giveUpAt) throw error
      if (giveUpAt === Number.POSITIVE_INFINITY) {
        giveUpAt = clock.monotonicMs() + PATIENCE_MS
        onTrouble()
      }
    }
    await clock.sleep(POLL_MS, signal)
  }
}

/** A body that ends in the middle is a TypeError of fetch. */
function isBroken(error: unknown): boolean {
  return isPassing(error) || error instanceof TypeError
}

const Numbered = z.union([z.looseObject({ seq: z.int() }), z.looseObject({ kind: z.literal('gap'), last: z.int() })])

/** Number of the last line that this one stands for; 0 when it has none. */
function lastLineOf(json: string): number {
  const { data } = Numbered.safeParse(parseJson(json))
  return data === undefined ? 0 : Number(data['seq'] ?? data['last'])
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}
