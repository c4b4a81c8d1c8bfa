import { QUEUE_MAX_ENTRIES, type QueueEntry, type WorkspaceDocument } from '@orchestrator/shared/contracts'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { entryOf, specOf } from '../testing/builders.ts'
import {
  dropFinished,
  emptyDocument,
  grantTo,
  isBeyond,
  needsRefill,
  note,
  noteFinished,
  refill,
  release,
} from './queue.ts'

const entry = (n: number, sequence = n * 10, stop = false): QueueEntry => entryOf(specOf({ n }), sequence, stop)
const waiting = (item: QueueEntry) => ({ entry: item, finished: false })
const granting = { epoch: { generation: 1, sequence: 99 }, slots: ['global.0'], workloadUid: null }

function noteAll(entries: readonly QueueEntry[], document = emptyDocument('trader')): WorkspaceDocument {
  return entries.reduce((before, item) => note(before, waiting(item)), document)
}

describe('note', () => {
  it('orders by the sequence of the submission, whatever order messages come in', () => {
    expect(noteAll([entry(3), entry(1), entry(2)]).entries.map(({ n }) => n)).toEqual([1, 2, 3])
  })

  it('changes nothing for a message that comes again, waiting or granted', () => {
    const queued = noteAll([entry(1), entry(2)])
    expect(note(queued, waiting(entry(1)))).toBe(queued)
    const granted = grantTo(queued, entry(1), granting)
    expect(note(granted, waiting(entry(1)))).toBe(granted)
  })

  it('never lets a finished attempt in', () => {
    const document = emptyDocument('trader')
    expect(note(document, { entry: entry(1), finished: true })).toBe(document)
  })

  it('marks a stop, waiting or granted, once', () => {
    const queued = noteAll([entry(1), entry(2)])
    const marked = note(queued, waiting(entry(2, 20, true)))
    expect(marked.entries.map(({ stopRequested }) => stopRequested)).toEqual([false, true])
    expect(note(marked, waiting(entry(2, 20, true)))).toBe(marked)
    const granted = note(grantTo(queued, entry(1), granting), waiting(entry(1, 10, true)))
    expect(granted.grant?.stopRequested).toBe(true)
    expect(note(granted, waiting(entry(1, 10, true)))).toBe(granted)
  })

  it('keeps the mark when the submission itself comes late', () => {
    const marked = note(emptyDocument('trader'), waiting(entry(1, 10, true)))
    expect(note(marked, waiting(entry(1)))).toBe(marked)
    expect(marked.entries[0]?.stopRequested).toBe(true)
  })

  it('keeps the oldest that fit and leaves the rest to the ledger', () => {
    const all = Array.from({ length: QUEUE_MAX_ENTRIES + 5 }, (_none, i) => entry(i + 1))
    const document = noteAll(all)
    expect(document.entries).toHaveLength(QUEUE_MAX_ENTRIES)
    expect(document.overflowAfter).toBe(QUEUE_MAX_ENTRIES * 10)
    expect(isBeyond(document, entry(QUEUE_MAX_ENTRIES + 1))).toBe(true)
  })

  it('pushes the youngest out for an older one that comes late', () => {
    const document = noteAll(Array.from({ length: QUEUE_MAX_ENTRIES + 1 }, (_none, i) => entry(i + 2)))
    const late = note(document, waiting(entry(1)))
    expect(late.entries[0]?.n).toBe(1)
    expect(late.entries).toHaveLength(QUEUE_MAX_ENTRIES)
    expect(late.overflowAfter).toBe(QUEUE_MAX_ENTRIES * 10)
  })
})

describe('refill', () => {
  it('goes on after what did not fit, without doubles', () => {
    const full = noteAll(Array.from({ length: QUEUE_MAX_ENTRIES + 3 }, (_none, i) => entry(i + 1)))
    const drained = { ...full, entries: full.entries.slice(-2) }
    expect(needsRefill(drained)).toBe(true)
    const rest = [entry(QUEUE_MAX_ENTRIES + 1), entry(QUEUE_MAX_ENTRIES + 2), entry(QUEUE_MAX_ENTRIES)]
    const partly = refill(drained, { entries: rest, lookedUpTo: (QUEUE_MAX_ENTRIES + 2) * 10 })
    expect(partly.entries.map(({ n }) => n)).toEqual([63, 64, 65, 66])
    expect(partly.overflowAfter).toBe(660)
    expect(refill(partly, { entries: [entry(67)], lookedUpTo: null })).toMatchObject({ overflowAfter: null })
  })
})

describe('a grant', () => {
  it('takes its entry out of the queue and is given back whole', () => {
    const granted = noteFinished(grantTo(noteAll([entry(1), entry(2)]), entry(1), granting), 'uid')
    expect(granted).toMatchObject({
      grant: { n: 1, workloadUid: 'uid', finished: true, slots: ['global.0'] },
      entries: [{ n: 2 }],
    })
    expect(release(granted)).toMatchObject({ grant: null, entries: [{ n: 2 }] })
  })

  it('keeps fields of newer releases', () => {
    const newer = { ...noteAll([{ ...entry(1), color: 'red' }]), shape: 'new' }
    const granted = grantTo(newer, newer.entries[0] ?? entry(1), granting)
    expect(granted).toMatchObject({ shape: 'new', grant: { color: 'red' } })
    expect(release(note(granted, waiting(entry(2))))).toMatchObject({ shape: 'new' })
  })
})

/** A small world: what the ledger holds of one service, and a document that hears of it in any order, late and twice. */
type Move =
  | { readonly kind: 'submit' | 'hear' | 'stop' | 'hearStop' | 'finish'; readonly n: number }
  | { readonly kind: 'reconcile' }

const move: fc.Arbitrary<Move> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constantFrom('submit', 'hear', 'stop', 'hearStop', 'finish'),
      n: fc.integer({ min: 1, max: 90 }),
    }),
  },
  { weight: 3, arbitrary: fc.constant({ kind: 'reconcile' } as const) },
)

/** None, or more than fit, heard of in any order. */
const crowd: fc.Arbitrary<Move[]> = fc
  .shuffledSubarray(Array.from({ length: 90 }, (_none, i) => i + 1))
  .chain((heard) =>
    fc
      .shuffledSubarray(heard, { minLength: heard.length })
      .map((order) => [
        ...heard.map((n) => ({ kind: 'submit' as const, n })),
        ...order.map((n) => ({ kind: 'hear' as const, n })),
      ]),
  )

class Model {
  readonly submitted = new Map<number, number>()
  readonly heard = new Set<number>()
  readonly stopped = new Set<number>()
  readonly finished = new Set<number>()
  document = emptyDocument('trader')
  #sequence = 0

  apply(step: Move): void {
    if (step.kind === 'reconcile') return this.#reconcile()
    const { kind, n } = step
    if (kind === 'submit' && !this.submitted.has(n)) this.submitted.set(n, (this.#sequence += 1))
    if (!this.submitted.has(n)) return
    if (kind === 'stop') this.stopped.add(n)
    // Only the attempt that has the workspace ends by itself; a waiting one may be given up.
    if (kind === 'finish') this.finished.add(n)
    if (kind === 'hear' || kind === 'hearStop') this.#hear(n)
  }

  #entry(n: number): QueueEntry {
    return entry(n, this.submitted.get(n) ?? 0, this.stopped.has(n))
  }

  #hear(n: number): void {
    this.heard.add(n)
    this.document = note(this.document, { entry: this.#entry(n), finished: this.finished.has(n) })
  }

  #reconcile(): void {
    if (needsRefill(this.document)) return this.#refill()
    const { grant } = this.document
    if (grant !== null) {
      if (this.finished.has(grant.n)) this.document = release(this.document)
      return
    }
    const [head] = this.document.entries
    if (head === undefined) return
    this.document = this.finished.has(head.n)
      ? dropFinished(this.document, head.submittedId)
      : grantTo(this.document, head, granting)
  }

  #refill(): void {
    const after = this.document.overflowAfter ?? 0
    const beyond = [...this.submitted]
      .filter(([n, sequence]) => sequence > after && !this.finished.has(n))
      .map(([n]) => n)
    for (const n of beyond) this.heard.add(n)
    const room = QUEUE_MAX_ENTRIES - this.document.entries.length
    const taken = beyond.slice(0, room)
    const lookedUpTo = beyond.length > room ? (this.submitted.get(taken.at(-1) ?? 0) ?? null) : null
    this.document = refill(this.document, { entries: taken.map((n) => this.#entry(n)), lookedUpTo })
  }
}

describe('the document, hearing of everything late, twice and out of order', () => {
  it('loses no unfinished attempt, lets no finished one in and keeps the order', () => {
    fc.assert(
      fc.property(crowd, fc.array(move, { maxLength: 400 }), (before, moves) => {
        const model = new Model()
        for (const step of [...before, ...moves]) {
          const known = new Set(model.document.entries.map(({ n }) => n))
          model.apply(step)
          const { entries, grant, overflowAfter } = model.document
          const sequences = entries.map(({ sequence }) => sequence)
          expect(sequences).toEqual([...new Set(sequences)].toSorted((a, b) => a - b))
          expect(entries.length).toBeLessThanOrEqual(QUEUE_MAX_ENTRIES)
          for (const { n } of entries) expect(known.has(n) || !model.finished.has(n)).toBe(true)
          const present = new Set([...entries.map(({ n }) => n), grant?.n])
          for (const n of model.heard) {
            const later = overflowAfter !== null && (model.submitted.get(n) ?? 0) > overflowAfter
            expect(present.has(n) || model.finished.has(n) || later, `attempt ${n} is lost`).toBe(true)
          }
        }
      }),
      { numRuns: 300 },
    )
  })
})
