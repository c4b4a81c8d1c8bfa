import { TerminalError } from '@orchestrator/shared/core'

/** One thing wrong with a request: which field, what it holds, and what would be right. */
export interface Fault {
  /** As the request spells it, inner fields after a dot: `limits.usd`. */
  readonly field: string
  /** What was sent; null where nothing was. */
  readonly value: unknown
  readonly message: string
}

/** A request that can never be accepted as it is. Carries every fault at once. */
export class InvalidInput extends TerminalError {
  readonly faults: readonly Fault[]

  constructor(faults: readonly Fault[]) {
    super('INPUT_INVALID', faults.map(({ field, message }) => `${field}: ${message}`).join('; '))
    this.faults = faults
  }
}
