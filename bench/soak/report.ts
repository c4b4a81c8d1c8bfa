import type { Sample } from './sampling.ts'
/** What came of the samples, and what was allowed. Pure. */
import { judge, type Point, type Trend, trendOf, type Verdict } from './trend.ts'

export interface SampleAt {
  readonly attempts: number
  readonly sample: Sample
}

export interface Row {
  readonly name: string
  readonly unit: string
  readonly first: number
  readonly last: number
  readonly trend: Trend
  readonly allowed: number | undefined
  /** `kept`: it is meant to grow. */
  readonly verdict: Verdict | 'kept'
}

/** The first samples are of processes that still come to themselves: caches fill, code is compiled. */
const WARM_UP_SHARE = 0.3

interface Rule {
  readonly matches: RegExp
  readonly unit: string
  /** Per 1,000 attempts; undefined: as much as it likes. */
  readonly allowed: number | undefined
  /** Where there were few attempts; left out: as much. */
  readonly allowedOfFew?: number
}

/** With fewer, caches of up to 2,000 documents still fill, and one descriptor more or less makes a slope. */
const MANY_ATTEMPTS = 5000

/** The first that matches. A leak of one small object for each attempt is 0.1 MiB in 1,000. */
const RULES: readonly Rule[] = [
  { matches: /^(files kept|messages in (LOGS|PROGRESS))$/, unit: '', allowed: undefined },
  // Of each attempt, here the first of its task: submitted, started, finished.
  { matches: /^messages in TASKS$/, unit: '', allowed: 3001 },
  { matches: /^messages in KV_(branches|deliveries)$/, unit: '', allowed: 1001 },
  { matches: /^(messages in .*|broker consumers)$/, unit: '', allowed: 1 },
  // The ledger is kept for ever, and the broker holds an index of it: 200 MB at 100,000 attempts is the goal.
  { matches: /^broker heap$/, unit: 'MiB', allowed: 1, allowedOfFew: 2 },
  { matches: /^broker resident$/, unit: 'MiB', allowed: 2, allowedOfFew: 40 },
  { matches: / resident$/, unit: 'MiB', allowed: 0.5, allowedOfFew: 40 },
  { matches: / (heap|buffers)$/, unit: 'MiB', allowed: 0.05, allowedOfFew: 10 },
  { matches: /./, unit: '', allowed: 1, allowedOfFew: 20 },
]

export function toRows(samples: readonly SampleAt[]): readonly Row[] {
  const warm = samples.slice(Math.floor(samples.length * WARM_UP_SHARE))
  const names = new Set(warm.flatMap(({ sample }) => Object.keys(sample)))
  const isMany = (samples.at(-1)?.attempts ?? 0) >= MANY_ATTEMPTS
  return [...names].map((name) => toRow(name, pointsOf(name, warm), isMany))
}

/** Not everything is looked at each time. */
function pointsOf(name: string, samples: readonly SampleAt[]): readonly Point[] {
  return samples.flatMap(({ attempts, sample: { [name]: value } }) =>
    value === undefined ? [] : [{ attempts, value }],
  )
}

function toRow(name: string, points: readonly Point[], isMany: boolean): Row {
  const rule = RULES.find(({ matches }) => matches.test(name))
  const { unit = '' } = rule ?? {}
  const allowed = isMany ? rule?.allowed : (rule?.allowedOfFew ?? rule?.allowed)
  const trend = trendOf(points)
  const verdict = allowed === undefined ? 'kept' : judge(trend, allowed)
  return { name, unit, first: points[0]?.value ?? 0, last: points.at(-1)?.value ?? 0, trend, allowed, verdict }
}

export function isHarmless({ verdict }: Row): boolean {
  return verdict === 'kept' || verdict === 'does not grow'
}

export function describeRows(rows: readonly Row[]): string {
  const lines = rows.map(({ name, unit, first, last, trend, allowed, verdict }) => [
    name,
    `${number(first)} → ${number(last)} ${unit}`,
    `${signed(trend.slope)} (${signed(trend.low)} … ${signed(trend.high)})`,
    allowed === undefined ? '' : `≤ ${allowed}`,
    verdict,
  ])
  const table = [['', 'first → last', 'per 1,000 attempts (95 %)', 'allowed', ''], ...lines]
  const widths = table[0]?.map((_, column) => Math.max(...table.map((line) => line[column]?.length ?? 0))) ?? []
  return table
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** The last line. */
export function conclusion(rows: readonly Row[]): string {
  const bad = rows.filter((row) => !isHarmless(row))
  if (bad.length === 0) return 'soak: nothing grows'
  return `soak: ${bad.map(({ name, verdict }) => `${name} ${verdict}`).join(', ')}`
}

function number(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(1)
}

function signed(value: number): string {
  return `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(3)}`
}
