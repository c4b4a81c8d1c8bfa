import { type Logger, pino } from 'pino'

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
  return destination === undefined ? pino(options) : pino(options, destination)
}
