/** Why an attempt ends before its work is done: people and limits. The first cause counts. */

export type EndingCause =
  | { readonly kind: 'stop'; readonly requestedBy: string }
  | { readonly kind: 'deadline'; readonly minutes: number }
  | { readonly kind: 'idle'; readonly minutes: number }
  | { readonly kind: 'budget'; readonly limitUsd: number; readonly costUsd: number }
  | { readonly kind: 'stuck'; readonly what: string }
  | { readonly kind: 'turns'; readonly limit: number; readonly turns: number }

export interface Ending {
  /** Aborts at the first cause: the work ends, saving it begins. */
  readonly signal: AbortSignal
  readonly cause: EndingCause | undefined
  end(cause: EndingCause): void
}

class AttemptEnding extends Error {
  override readonly name = 'AttemptEnding'
}

export function createEnding(): Ending {
  const controller = new AbortController()
  let first: EndingCause | undefined
  return {
    signal: controller.signal,
    get cause() {
      return first
    },
    end: (cause) => {
      first ??= cause
      controller.abort(new AttemptEnding(`the attempt ends: ${first.kind}`))
    },
  }
}
