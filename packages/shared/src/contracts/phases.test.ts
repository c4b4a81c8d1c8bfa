import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { advance, isLegalMove, LIVE_PHASES, type Phase, Phase as PhaseSchema, TERMINAL_PHASES } from './phases.ts'

const phase = fc.constantFrom<Phase>(...PhaseSchema.options)
const fold = (phases: readonly Phase[]): Phase => phases.reduce(advance, 'Submitted' as Phase)

describe('the life of an attempt', () => {
  it('goes forward, and may skip', () => {
    expect(fold(['Queued', 'Starting', 'Running', 'Succeeded'])).toBe('Succeeded')
    expect(fold(['Stopped'])).toBe('Stopped')
    expect(isLegalMove('Running', 'Queued')).toBe(false)
    expect(isLegalMove('Queued', 'Queued')).toBe(false)
  })

  it('never leaves a terminal phase', () => {
    fc.assert(
      fc.property(fc.constantFrom(...TERMINAL_PHASES), fc.array(phase), (end, later) => {
        expect(later.reduce(advance, end as Phase)).toBe(end)
      }),
    )
  })

  it('ends at the same phase however live facts are doubled or reordered', () => {
    const live = fc.array(fc.constantFrom<Phase>(...LIVE_PHASES))
    fc.assert(
      fc.property(live, fc.infiniteStream(fc.nat()), (facts, order) => {
        const shuffled = [...facts, ...facts].toSorted(() => ((order.next().value ?? 0) % 3) - 1)
        expect(fold(shuffled)).toBe(fold(facts))
      }),
    )
  })

  it('ends at the one terminal fact wherever it comes among the others', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom<Phase>(...LIVE_PHASES)),
        fc.constantFrom<Phase>(...TERMINAL_PHASES),
        fc.nat(),
        (facts, end, at) => {
          const heard = facts.toSpliced(at % (facts.length + 1), 0, end)
          expect(fold(heard)).toBe(end)
        },
      ),
    )
  })
})
