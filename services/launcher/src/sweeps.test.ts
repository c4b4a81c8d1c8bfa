import { describe, expect, it } from 'vitest'
import { judgeUnstarted, type SweepFacts, type SweepVerdict } from './sweeps.ts'

const facts = (changes: Partial<SweepFacts> = {}): SweepFacts => ({
  submitted: true,
  finished: false,
  startedUid: undefined,
  startedElsewhere: false,
  ...changes,
})

const TABLE: readonly [string, readonly string[], SweepFacts, SweepVerdict][] = [
  ['its attempt is about to start', ['a'], facts(), { kind: 'keep' }],
  ['its attempt is finished', ['a'], facts({ finished: true }), { kind: 'remove' }],
  ['nothing waits any more and its attempt is finished', [], facts({ finished: true }), { kind: 'remove' }],
  ['the ledger does not hold its attempt', ['a'], facts({ submitted: false }), { kind: 'remove' }],
  ['it is the one that started', ['a'], facts({ startedUid: 'a' }), { kind: 'keep' }],
  ['one started on another machine', ['a'], facts({ startedUid: 'b', startedElsewhere: true }), { kind: 'remove' }],
  [
    'one started on another machine and nothing waits here any more',
    [],
    facts({ startedUid: 'b', startedElsewhere: true }),
    { kind: 'remove' },
  ],
  ['another one started', ['a', 'b'], facts({ startedUid: 'b' }), { kind: 'discard', uids: ['a'] }],
  [
    'another one started and the attempt is finished',
    ['a'],
    facts({ startedUid: 'b', finished: true }),
    { kind: 'discard', uids: ['a'] },
  ],
]

describe('judgeUnstarted', () => {
  it.each(TABLE)('when %s', (...[, heldUids, fact, verdict]) => {
    expect(judgeUnstarted({ heldUids }, fact)).toEqual(verdict)
  })
})
