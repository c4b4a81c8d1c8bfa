/** How a dead letter stands, from what follows it in the stream. Pure. */
import type { ReplayEnd } from '../../contracts/index.ts'

/** What the stream holds of one letter besides itself. */
export interface LetterTrail {
  /** When a replay was asked for. */
  readonly asked?: Date
  readonly ended?: { readonly time: Date; readonly end: ReplayEnd }
}

export type LetterState =
  | { readonly kind: 'open' }
  | { readonly kind: 'replaying'; readonly replayedAt: Date }
  | {
      readonly kind: ReplayEnd['outcome']
      /** Undefined where the request is no longer kept. */
      readonly replayedAt: Date | undefined
      readonly endedAt: Date
      readonly text: string | undefined
      /** The letter that the replay ended in. */
      readonly next: number | undefined
    }

export function letterState({ asked, ended }: LetterTrail): LetterState {
  if (ended !== undefined) {
    const { outcome, text, next } = ended.end
    return { kind: outcome, replayedAt: asked, endedAt: ended.time, text, next }
  }
  return asked === undefined ? { kind: 'open' } : { kind: 'replaying', replayedAt: asked }
}
