import { displayWidth } from '@orchestrator/client/texts'

/** A program that shows text page by page. */
export interface Pager {
  write(text: string): void
  /** Once it has taken what was written, or is left. */
  room(): Promise<void>
  /** Everything was written: it goes on until the person leaves it. */
  end(): void
  /** The person has left it. Never rejects. */
  readonly left: Promise<void>
}

export interface PagedWriterOptions {
  /** Lines and columns that the terminal has. */
  readonly rows: number
  readonly columns: number
  readonly start: () => Pager
  /** Straight to the terminal. */
  readonly direct: (text: string) => void
}

/** Text for a person: what fits on the screen is written as it is, what does not goes to a pager. */
export interface PagedWriter {
  write(text: string): void
  /** Once the pager has taken what was written, or is left. */
  room(): Promise<void>
  /** A pager has the terminal. */
  readonly isOpen: boolean
  /** Aborted when the person has left the pager: nobody reads on. */
  readonly left: AbortSignal
  /** Once everything was written: when the person has read it. */
  end(): Promise<void>
}

export function createPagedWriter({ rows, columns, start, direct }: PagedWriterOptions): PagedWriter {
  const left = new AbortController()
  let held = ''
  let height = 0
  let pager: Pager | undefined

  const open = (): Pager => {
    const opened = start()
    void opened.left.then(() => left.abort(new DOMException('the reader has left the pager', 'AbortError')))
    return opened
  }
  return {
    write: (text) => {
      if (left.signal.aborted) return
      if (pager !== undefined) return pager.write(text)
      held += text
      height += heightOf(text, columns)
      // The prompt of the shell takes the last line.
      if (height < rows) return
      pager = open()
      pager.write(held)
    },
    room: async () => await pager?.room(),
    get isOpen() {
      return pager !== undefined && !left.signal.aborted
    },
    left: left.signal,
    end: async () => {
      if (pager === undefined) {
        if (held !== '') direct(held)
        held = ''
        return
      }
      pager.end()
      await pager.left
    },
  }
}

/** Of whole lines. */
function heightOf(text: string, columns: number): number {
  return text
    .split('\n')
    .slice(0, -1)
    .reduce((sum, line) => sum + Math.max(1, Math.ceil(displayWidth(line) / columns)), 0)
}
