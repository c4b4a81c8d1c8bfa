/** Runs the command line inside a test: same code, streams and clock in hand. */
import { Readable, Writable } from 'node:stream'
import { type Clock, systemClock } from '@orchestrator/shared/core'
import { CliEnvironment } from '../config.ts'
import type { ExitCode } from '../exit-codes.ts'
import { createScreen, type Screen } from '../output/screen.ts'
import { runCli } from '../program.ts'

export interface RunOptions {
  readonly cwd?: string
  readonly environment?: Readonly<Record<string, string>>
  readonly stdin?: string
  /** As if standard output were a terminal. */
  readonly terminal?: boolean
  readonly columns?: number
  readonly clock?: Clock
  readonly signal?: AbortSignal
}

export interface Ran {
  readonly code: ExitCode
  readonly out: string
  readonly error: string
}

/** The time that every text is rendered at: half an hour after the fake attempt was submitted. */
const NOW = new Date('2026-11-24T10:30:30.000Z')
const fixedClock: Clock = {
  ...systemClock,
  now: () => NOW,
  sleep: async (_ms, signal) => await systemClock.sleep(1, signal),
}

export async function run(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const out = new Sink(options.terminal === true, options.columns ?? 120)
  const error = new Sink(false, 80)
  const environment = CliEnvironment.parse({ HOME: '/nonexistent', ...options.environment })
  const { NO_COLOR: noColour, FORCE_COLOR: forceColour, TERM: term } = environment
  const screen = createScreen({ out, error, noColour, forceColour, term, startPager: noPager })
  const stdin = Readable.from(options.stdin === undefined ? [] : [options.stdin])
  const code = await runCli(args, {
    environment,
    cwd: options.cwd ?? '/',
    stdin,
    interactive: options.terminal === true,
    screen,
    clock: options.clock ?? fixedClock,
    signal: options.signal ?? new AbortController().signal,
  })
  return { code, out: out.text, error: error.text }
}

/** For what is built and never run. */
export function silentScreen(): Screen {
  const ends = { out: new Sink(false, 120), error: new Sink(false, 80) }
  return createScreen({ ...ends, noColour: undefined, forceColour: undefined, term: undefined, startPager: noPager })
}

function noPager(): never {
  throw new Error('a pager needs a real terminal')
}

class Sink extends Writable {
  readonly isTTY: boolean
  readonly columns: number
  text = ''

  constructor(isTTY: boolean, columns: number) {
    super()
    this.isTTY = isTTY
    this.columns = columns
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString('utf8')
    done()
  }
}
