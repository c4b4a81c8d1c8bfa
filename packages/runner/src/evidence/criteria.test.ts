import { describe, expect, it } from 'vitest'
import { weighCriteria } from './criteria.ts'
import { aGate } from './example-fixture.ts'

describe('weighCriteria', () => {
  it('gives each criterion the gate or test that it names, else none', () => {
    const proof = {
      gates: [aGate({ name: 'unit' }), aGate({ name: 'go', passed: false, exitCode: 1 })],
      tests: [
        { command: 'cargo test', exitCode: 1 },
        { command: 'cargo test', exitCode: 0 },
      ],
    }
    const criteria = ['All Unit tests pass', '`cargo test` is green', 'It is good', 'Builds with go']
    expect(weighCriteria(criteria, proof).map(({ evidence }) => evidence)).toEqual([
      'gate "unit" passed',
      'test "cargo test" ended with 0',
      'none',
      'gate "go" failed',
    ])
  })
})
