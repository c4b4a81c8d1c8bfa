import type { Criterion, GateResult, ObservedTest } from '@orchestrator/shared/contracts'

export interface Proof {
  readonly gates: readonly GateResult[]
  readonly tests: readonly ObservedTest[]
}

/** Each acceptance criterion with the gate or the observed test that it names, else `none`. */
export function weighCriteria(criteria: readonly string[], proof: Proof): readonly Criterion[] {
  return criteria.map((text) => ({ text, evidence: evidenceFor(text.toLowerCase(), proof) }))
}

function evidenceFor(criterion: string, { gates, tests }: Proof): string {
  const gate = gates.find(({ name }) => mentions(criterion, name))
  if (gate !== undefined) return `gate "${gate.name}" ${gate.passed ? 'passed' : 'failed'}`
  // The last run of a test counts.
  const test = tests.findLast(({ command }) => mentions(criterion, command))
  return test === undefined ? 'none' : `test "${test.command}" ended with ${test.exitCode ?? 'no exit code'}`
}

/** As whole words, so that a gate "go" is not found in "good". */
function mentions(criterion: string, name: string): boolean {
  const words = name.trim().toLowerCase()
  if (words === '') return false
  for (let at = criterion.indexOf(words); at >= 0; at = criterion.indexOf(words, at + 1)) {
    if (!isWordCharacter(criterion[at - 1]) && !isWordCharacter(criterion[at + words.length])) return true
  }
  return false
}

function isWordCharacter(character: string | undefined): boolean {
  return character !== undefined && /[\p{L}\p{N}_]/u.test(character)
}
