import { DatabaseSync } from 'node:sqlite'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { storedSubmit } from '../testing/samples.ts'
import { type AttemptFilter, listQuery } from './lists.ts'
import { INDEX_CREATIONS, SCHEMA } from './schema.ts'
import { openViewStore } from './store.ts'

const WHOLE: AttemptFilter = { service: 'trader', tag: 'master', taskId: '1', agent: 'claude-agent-1', phase: 'Failed' }
const FIELDS = ['service', 'tag', 'taskId', 'agent', 'phase'] as const

const filterOf = (fields: readonly string[]): AttemptFilter =>
  Object.fromEntries(Object.entries(WHOLE).filter(([field]) => fields.includes(field)))

const subsets = Array.from({ length: 2 ** FIELDS.length }, (_, bits) =>
  FIELDS.filter((__, index) => (bits & (1 << index)) !== 0),
)

describe('lists', () => {
  using database = new DatabaseSync(':memory:')
  database.exec(SCHEMA)
  for (const creation of INDEX_CREATIONS.values()) database.exec(creation)
  const plan = (fields: readonly string[]): string =>
    database
      .prepare(
        `EXPLAIN QUERY PLAN ${listQuery({ filter: filterOf(fields), latestOnly: false, window: { since: new Date(), until: new Date() } })}`,
      )
      .all()
      .map(({ detail }) => String(detail))
      .join('; ')
  const plans = subsets.map((fields) => ({ fields: fields.join(' and ') || 'nothing', plan: plan(fields) }))

  it.each(plans)('by $fields search an index and have their order from it', ({ plan: found }) => {
    expect(found).toMatch(/^SEARCH attempts USING INDEX list_/)
    expect(found).not.toContain('TEMP B-TREE')
    expect(found).toContain('submitted_seq>? AND submitted_seq<?')
  })

  it('gives every attempt once, newest first, whatever the size of a page', () => {
    const attempts = fc.array(
      fc.record({
        service: fc.constantFrom('a', 'b'),
        agent: fc.constantFrom('x', 'y'),
        taskId: fc.constantFrom('1', '2'),
      }),
      { maxLength: 30 },
    )
    fc.assert(
      fc.property(
        attempts,
        fc.constantFrom({}, { service: 'a' }, { agent: 'x', service: 'b' }, { taskId: '1' }),
        fc.integer({ min: 1, max: 7 }),
        (specs, filter, limit) => {
          using store = openViewStore(':memory:')
          while (store.makeNextIndex());
          specs.forEach((spec, index) =>
            store.apply('TASKS', storedSubmit({ seq: index + 1, spec: { ...spec, n: index + 1, name: `n${index}` } })),
          )
          const seqs: number[] = []
          for (let beforeSeq: number | undefined; ;) {
            const page = store.queries.listAttempts({
              filter,
              latestOnly: false,
              limit,
              ...(beforeSeq === undefined ? {} : { beforeSeq }),
            })
            seqs.push(...page.map((row) => row.submitted_seq))
            beforeSeq = page.at(-1)?.submitted_seq
            if (page.length < limit) break
          }
          const wanted = specs.flatMap((spec, index) =>
            Object.entries(filter).every(([key, value]) =>
              Object.entries(spec).some(([k, v]) => k === key && v === value),
            )
              ? [index + 1]
              : [],
          )
          expect(seqs).toEqual(wanted.toReversed())
        },
      ),
      { numRuns: 50 },
    )
  })

  it('gives the attempts of a time, page by page, also where the clock of the broker was set back', () => {
    const steps = fc.array(fc.integer({ min: -30, max: 300 }), { maxLength: 40 })
    const edge = fc.option(fc.integer({ min: -200, max: 5000 }), { nil: undefined })
    fc.assert(
      fc.property(
        steps,
        fc.record({ since: edge, until: edge }),
        fc.integer({ min: 1, max: 7 }),
        (gaps, asked, limit) => {
          const { since, until } = asked
          using store = openViewStore(':memory:')
          while (store.makeNextIndex());
          const times: number[] = []
          let newest = 0
          for (const gap of gaps) {
            // Set back against the newest, never further and further.
            times.push(newest + gap)
            newest = Math.max(newest, newest + gap)
          }
          times.forEach((seconds, index) => {
            const stored = storedSubmit({ seq: index * 3 + 1, spec: { n: index + 1, name: `n${index}` } })
            store.apply('TASKS', { ...stored, time: new Date(seconds * 1000) })
          })
          const window = {
            ...(since === undefined ? {} : { since: new Date(since * 1000) }),
            ...(until === undefined ? {} : { until: new Date(until * 1000) }),
          }
          const seqs: number[] = []
          for (let beforeSeq = Number.MAX_SAFE_INTEGER; ;) {
            const page = store.queries.listAttempts({ filter: {}, latestOnly: false, limit, window, beforeSeq })
            seqs.push(...page.map((row) => row.submitted_seq))
            beforeSeq = page.at(-1)?.submitted_seq ?? 0
            if (page.length < limit) break
          }
          const wanted = times.flatMap((time, index) =>
            time >= (since ?? -Infinity) && time < (until ?? Infinity) ? [index * 3 + 1] : [],
          )
          expect(seqs).toEqual(wanted.toReversed())
        },
      ),
      { numRuns: 200 },
    )
  })
})
