import { EXIT } from './exit-codes.ts'
import type { Screen } from './output/screen.ts'

/**
 * Aborted by the first Ctrl-C, SIGTERM or closed terminal; the second one ends the program where it stands. In a pager
 * Ctrl-C is one of its keys.
 */
export function interruptSignal(process: NodeJS.Process, screen: Pick<Screen, 'isPaging'>): AbortSignal {
  const interrupt = new AbortController()
  const onSignal = (signal: NodeJS.Signals): void => {
    if (signal === 'SIGINT' && screen.isPaging) return
    if (interrupt.signal.aborted) process.exit(EXIT.interrupted)
    interrupt.abort(new DOMException('interrupted', 'AbortError'))
  }
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal).on('SIGHUP', onSignal)
  return interrupt.signal
}

/** A reader that has seen enough (`| head`) is no error. */
export function endQuietlyOnClosedPipe(process: NodeJS.Process): void {
  const onError = (error: NodeJS.ErrnoException): void => {
    // A terminal that was closed: the signal that comes with it ends the program in order.
    if (error.code === 'EIO') return
    if (error.code !== 'EPIPE') throw error
    process.exit(EXIT.ok)
  }
  process.stdout.on('error', onError)
  process.stderr.on('error', onError)
}
