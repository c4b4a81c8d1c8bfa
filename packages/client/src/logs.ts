import { type StreamContext } from './events.ts'
import { bothOf } from './events.ts'
import { followMessages, type FollowOptions } from './follow.ts'
import type { LogLine } from './generated/api.ts'

export interface LogsOptions extends FollowOptions {
  /** The first when left out. */
  readonly fromLine?: number
  /** Stay until the log is complete. */
  readonly follow?: boolean
}

interface Reading extends StreamContext {
  readonly name: string
  readonly fromLine: number
}

export async function* readLog(context: StreamContext, name: string, options: LogsOptions): AsyncGenerator<LogLine> {
  const { fromLine = 1, follow = false, ...followed } = options
  const signal = bothOf(context.signal, options.signal)
  const reading = { ...context, name, fromLine, ...(signal === undefined ? {} : { signal }) }
  yield* follow ? followLines(reading, followed) : readLines(reading)
}

/** What is there, as lines of JSON: nothing is printed anew for it. */
async function* readLines({ http, signal, name, fromLine }: Reading): AsyncGenerator<LogLine> {
  const { response } = await http.GET('/v1/attempts/{name}/logs', {
    params: { path: { name }, query: { fromLine } },
    headers: { accept: 'application/x-ndjson' },
    parseAs: 'stream',
    ...(signal === undefined ? {} : { signal }),
  })
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of response.body ?? []) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    yield* lines.filter((line) => line !== '').map(toLine)
  }
  if (rest !== '') yield toLine(rest)
}

async function* followLines(
  { http, clock, signal, name, fromLine }: Reading,
  options: FollowOptions,
): AsyncGenerator<LogLine> {
  const messages = followMessages({
    ...options,
    clock,
    signal,
    lastEventId: undefined,
    open: async (id, ends) => {
      const header = id === undefined ? {} : { 'Last-Event-ID': id }
      const { response } = await http.GET('/v1/attempts/{name}/logs', {
        params: { path: { name }, query: { fromLine, follow: 'true' }, header },
        headers: { accept: 'text/event-stream' },
        parseAs: 'stream',
        signal: ends,
      })
      return response
    },
  })
  for await (const { event, data } of messages) {
    yield toLine(data)
    if (event === 'end') return
  }
}

function toLine(json: string): LogLine {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Answers are typed by the document they come from.
  return JSON.parse(json) as LogLine
}
