import type { LedgerEvent, TaskRef } from '@orchestrator/shared/contracts'
import type { StoredEvent } from '@orchestrator/shared/nats'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createFakeLedger, finished, started, submitted, TASK } from '../testing/fakes.ts'
import { createRecentEvents, type Range, type RecentEvents } from './recent-events.ts'

const OTHER_TASK = { ...TASK, taskId: '2' }

interface Replica {
  readonly recent: RecentEvents
  readonly of: (range: Range, task?: TaskRef) => readonly number[] | undefined
}

/** Gives each event to one of its replicas, and some again. */
interface Durable {
  readonly ledger: ReturnType<typeof createFakeLedger>
  readonly replica: (maxBytes?: number) => Replica
  readonly give: (replica: Replica, ...what: [TaskRef, number, LedgerEvent]) => StoredEvent<LedgerEvent>
  readonly giveAgain: (replica: Replica, stored: StoredEvent<LedgerEvent>) => void
  readonly giveUnreadable: (replica: Replica) => void
}

function createDurable(): Durable {
  const ledger = createFakeLedger()
  let delivery = 0
  const next = (): number => (delivery += 1)
  return {
    ledger,
    replica: (maxBytes) => {
      const recent = createRecentEvents(maxBytes)
      return { recent, of: (range, task = TASK) => recent.of(task, range)?.map(({ seq }) => seq) }
    },
    give: ({ recent }, ...what) => {
      const stored = ledger.add(...what)
      recent.arrive({ delivery: next(), seq: stored.seq, isFirst: true, stored })
      return stored
    },
    giveAgain: ({ recent }, stored) => recent.arrive({ delivery: next(), seq: stored.seq, isFirst: false, stored }),
    giveUnreadable: ({ recent }) => {
      const { seq } = ledger.add(OTHER_TASK, 1, started(OTHER_TASK, 1))
      recent.arrive({ delivery: next(), seq, isFirst: true, stored: undefined })
    },
  }
}

describe('what was given to this replica just now', () => {
  it('is what happened to one task since it was told last', () => {
    const { replica, give } = createDurable()
    const only = replica()
    give(only, TASK, 1, submitted(TASK, 1))
    give(only, OTHER_TASK, 1, submitted(OTHER_TASK, 1))
    give(only, TASK, 1, started(TASK, 1))
    give(only, TASK, 2, submitted(TASK, 2))
    give(only, TASK, 1, finished(TASK, 1))
    expect(only.of({ afterSeq: 1, throughSeq: 5 })).toEqual([3, 4, 5])
    expect(only.of({ afterSeq: 3, throughSeq: 5 })).toEqual([4, 5])
    expect(only.of({ afterSeq: 0, throughSeq: 1 })).toEqual([1, 3, 4, 5])
    expect(only.of({ afterSeq: 1, throughSeq: 2 }, OTHER_TASK)).toEqual([2])
    expect(only.of({ afterSeq: 5, throughSeq: 6 })).toBeUndefined()
  })

  it('is sure of nothing from before it came, but of what a task begins with', () => {
    const { replica, give } = createDurable()
    const [here, elsewhere] = [replica(), replica()]
    give(elsewhere, TASK, 1, submitted(TASK, 1))
    give(here, TASK, 1, started(TASK, 1))
    give(here, OTHER_TASK, 1, submitted(OTHER_TASK, 1))
    expect(here.of({ afterSeq: 0, throughSeq: 2 })).toBeUndefined()
    expect(here.of({ afterSeq: 1, throughSeq: 2 })).toEqual([2])
    expect(here.of({ afterSeq: 0, throughSeq: 3 }, OTHER_TASK)).toEqual([3])
  })

  it('is nothing once another replica was given something', () => {
    const { replica, give } = createDurable()
    const [here, elsewhere] = [replica(), replica()]
    give(here, TASK, 1, submitted(TASK, 1))
    give(here, TASK, 1, started(TASK, 1))
    give(elsewhere, TASK, 2, submitted(TASK, 2))
    give(here, TASK, 1, finished(TASK, 1))
    expect(here.of({ afterSeq: 2, throughSeq: 4 })).toBeUndefined()
    expect(here.of({ afterSeq: 3, throughSeq: 4 })).toEqual([4])
  })

  it('bears what comes again and what cannot be read', () => {
    const { replica, give, giveAgain, giveUnreadable } = createDurable()
    const only = replica()
    const first = give(only, TASK, 1, submitted(TASK, 1))
    giveUnreadable(only)
    giveAgain(only, first)
    give(only, TASK, 1, started(TASK, 1))
    expect(only.of({ afterSeq: 0, throughSeq: 3 })).toEqual([1, 3])
    expect(only.of({ afterSeq: 1, throughSeq: 3 })).toEqual([3])
  })

  it('forgets the oldest when it is full, and everything after an interruption', () => {
    const { replica, give } = createDurable()
    const only = replica(10_000)
    for (const event of [submitted(TASK, 1), started(TASK, 1), finished(TASK, 1)]) give(only, TASK, 1, event)
    expect(only.of({ afterSeq: 0, throughSeq: 3 })).toBeUndefined()
    expect(only.of({ afterSeq: 1, throughSeq: 3 })).toEqual([2, 3])
    only.recent.forget()
    expect(only.of({ afterSeq: 2, throughSeq: 3 })).toBeUndefined()
  })

  it('passes over no event, whoever is given what, and how often', () => {
    const step = fc.record({
      replica: fc.constantFrom<0 | 1>(0, 0, 0, 1),
      task: fc.constantFrom<TaskRef>(TASK, OTHER_TASK),
      again: fc.boolean(),
      interrupted: fc.constantFrom(false, false, false, true),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), fc.nat(30), (steps, afterSeq) => {
        const { ledger, replica, give, giveAgain } = createDurable()
        const replicas = [replica(40_000), replica()] as const
        for (const { replica: index, task, again, interrupted } of steps) {
          const to = replicas[index]
          if (interrupted) to.recent.forget()
          const before = again ? ledger.stored.at(-1) : undefined
          if (before === undefined) give(to, task, 2, started(task, 2))
          else giveAgain(to, before)
        }
        const ofTask = ledger.stored.filter(({ seq, subject }) => seq > afterSeq && subject.includes('.1.2'))
        const throughSeq = ofTask.at(-1)?.seq ?? 0
        for (const { of } of replicas) {
          const known = of({ afterSeq, throughSeq })
          if (known !== undefined) expect(known).toEqual(ofTask.map(({ seq }) => seq))
        }
      }),
    )
  })
})
