import type { Writable } from 'node:stream'
import type { WriteStream } from 'node:tty'
import { type Colour, cutToWidth, type Paint } from '@orchestrator/client/texts'
import { type ColourChoice, isColoured } from './colour.ts'
import { createPagedWriter, type PagedWriter, type Pager } from './paged-writer.ts'
import { untilRoom } from './room.ts'
import { terminalText } from './terminal-text.ts'

/** Where a person, or a program, reads what a command says. */
export interface Screen {
  /** A line for standard output, which may hold line breaks of ours. */
  print(text: string): void
  /** Once whoever reads has taken what was printed: between the parts of what may be long. */
  room(): Promise<void>
  /** A line for standard error: what is no answer. */
  warn(text: string): void
  /**
   * Replaces the block at the end of the terminal, below everything printed so far. Without a terminal it does nothing:
   * print what changed instead.
   */
  show(lines: readonly string[]): void
  /** True when the block can be updated in place. */
  readonly live: boolean
  /** Columns of the terminal; of a line when there is none. */
  readonly width: number
  readonly paint: Paint
  /** What was said for this call, before the environment. */
  useColour(choice: ColourChoice): void
  /** From here on what is printed goes to a pager, where it is longer than the terminal; nothing is shown in place. */
  page(command: string): void
  /** A pager has the terminal: its keys are not for us. */
  readonly isPaging: boolean
  /** Aborted when the person has left the pager. */
  readonly left: AbortSignal
  /** Once all is printed: when the person has read it. */
  end(): Promise<void>
}

const CODES: Record<Colour, readonly [number, number]> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
}

const DEFAULT_WIDTH = 100
const DEFAULT_ROWS = 24
const CLEAR_DOWN = '\u001B[0J'

export interface ScreenOptions {
  readonly out: Writable & Partial<Pick<WriteStream, 'isTTY' | 'columns' | 'rows'>>
  readonly error: Writable
  /** `NO_COLOR` as it is in the environment. */
  readonly noColour: string | undefined
  /** `FORCE_COLOR` likewise. */
  readonly forceColour: string | undefined
  readonly term: string | undefined
  readonly startPager: (command: string) => Pager
}

export function createScreen(options: ScreenOptions): Screen {
  const { out, error, noColour, forceColour, term, startPager } = options
  const isTerminal = out.isTTY === true
  const live = isTerminal && term !== 'dumb'
  const colouredBy = (choice: ColourChoice): boolean => isColoured({ choice, noColour, forceColour, term, isTerminal })
  let coloured = colouredBy('auto')
  let block: readonly string[] = []
  let paged: PagedWriter | undefined
  const left = new AbortController()
  const unsaid: string[] = []

  const width = (): number => (isTerminal ? (out.columns ?? DEFAULT_WIDTH) : DEFAULT_WIDTH)
  const hide = (): string =>
    block.length === 0 ? '' : `\r${block.length > 1 ? `\u001B[${block.length - 1}A` : ''}${CLEAR_DOWN}`

  return {
    print: (said) => {
      const text = terminalText(said)
      if (paged === undefined) out.write(`${hide()}${text}\n${block.join('\n')}`)
      else paged.write(`${text}\n`)
    },
    room: async () => await (paged?.room() ?? untilRoom(out)),
    warn: (said) => {
      const text = terminalText(said)
      // Over the page that a person reads it would be gone with the next key.
      if (paged !== undefined) return void unsaid.push(text)
      if (block.length > 0) out.write(hide())
      error.write(`${text}\n`)
      if (block.length > 0) out.write(block.join('\n'))
    },
    show: (lines) => {
      if (!live || paged !== undefined) return
      const before = hide()
      // A line that wraps would be two on the terminal, and the next block would cover the wrong ones.
      block = lines.map((line) => cutToWidth(terminalText(line), width() - 1))
      out.write(before + block.join('\n'))
    },
    useColour: (choice) => {
      coloured = colouredBy(choice)
    },
    page: (command) => {
      const direct = (text: string): void => void out.write(text)
      const start = (): Pager => startPager(command)
      paged = createPagedWriter({ rows: out.rows ?? DEFAULT_ROWS, columns: width(), start, direct })
      paged.left.addEventListener('abort', () => left.abort(paged?.left.reason), { once: true })
    },
    get isPaging() {
      return paged?.isOpen === true
    },
    left: left.signal,
    end: async () => {
      await paged?.end()
      paged = undefined
      for (const text of unsaid.splice(0)) error.write(`${text}\n`)
    },
    live,
    get width() {
      return width()
    },
    paint: (colour, text) => {
      const [on, off] = CODES[colour]
      return coloured ? `\u001B[${on}m${text}\u001B[${off}m` : text
    },
  }
}
