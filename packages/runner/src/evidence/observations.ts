/** What the lines of an attempt tell, gathered while they are written. */
import { type Flag, NO_USAGE, type ObservedTest, type RunnerLineBody, type Usage } from '@orchestrator/shared/contracts'

export interface Observations {
  see(body: RunnerLineBody): void
  readonly usage: Usage
  readonly tests: readonly ObservedTest[]
  readonly flags: readonly Flag[]
}

/** More would make the record unreadable; the last ones say how it ended. */
const TESTS_MAX = 200

export function createObservations(): Observations {
  let reported: Usage = NO_USAGE
  let toolLines = 0
  const tests: ObservedTest[] = []
  const flags: Flag[] = []
  return {
    see: (body) => {
      if (body.kind === 'usage') reported = body.usage
      if (body.kind === 'tool') toolLines += 1
      if (body.kind === 'flag') flags.push({ kind: body.flag, detail: body.detail })
      if (body.kind === 'test') {
        const { kind: _, ...test } = body
        tests.push(test)
        if (tests.length > TESTS_MAX) tests.shift()
      }
    },
    get usage() {
      return { ...reported, toolCalls: Math.max(reported.toolCalls, toolLines) }
    },
    tests,
    flags,
  }
}
