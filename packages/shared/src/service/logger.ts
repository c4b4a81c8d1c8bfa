import { destination as openDestination, type DestinationStream, type Logger, pino } from 'pino'

export type { Logger } from 'pino'

export interface LoggerOptions {
  readonly name: string
  readonly level: string
  /** Standard output when left out. */
  readonly destination?: NodeJS.WritableStream
}

/** One JSON line for each unit of work: a constant message, values as fields, names as in the contracts. */
export function createLogger({ name, level, destination }: LoggerOptions): Logger {
  const options = {
    name,
    level,
    base: { name },
    formatters: { level: (label: string) => ({ level: label }) },
    timestamp: pino.stdTimeFunctions.isoTime,
  }
  return pino(options, destination ?? standardOutput())
}

/**
 * Lines of one turn of the event loop are one write: under load a write for each costs more than all the rest of a line. What
 * ends the process in an orderly way, an uncaught error too, writes them first.
 */
function openStandardOutput(): DestinationStream {
  const output = openDestination({ dest: 1, sync: true })
  let lines = ''
  const flush = (): void => {
    if (lines !== '') output.write(lines)
    lines = ''
  }
  process.once('exit', flush)
  return {
    write: (line) => {
      if (lines === '') setImmediate(flush)
      lines += line
    },
  }
}

/** One for all loggers of a process, so that their lines keep their order. */
let opened: DestinationStream | undefined
const standardOutput = (): DestinationStream => (opened ??= openStandardOutput())
