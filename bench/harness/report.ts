import type { Goal, Measurement } from './benchmark.ts'

export function worstMode(goal: Goal, { modes }: Measurement): number {
  const values = Object.values(modes)
  if (values.length === 0) throw new Error('the benchmark measured no mode')
  return goal.kind === 'p99' ? Math.max(...values) : Math.min(...values)
}

/** The last line of a run. Values are rounded to the worse side, so a goal missed narrowly is not shown as met. */
export function verdict(name: string, goal: Goal, measurement: Measurement): string {
  const worst = worstMode(goal, measurement)
  switch (goal.kind) {
    case 'ratio':
      return `${name}: ratio ${roundDown(worst, 100).toFixed(2)} (goal ${goal.atLeast})`
    case 'rate':
      return `${name}: ${roundDown(worst, 1)} ${goal.unit} (goal ${goal.atLeast})`
    case 'p99':
      return `${name}: p99 ${roundUp(worst, 10).toFixed(1)} ms (goal ${goal.atMostMs})`
  }
}

/** Only beyond the noise of binary fractions: 0.29 * 100 is 28.999999999999996. */
const NOISE = 1e-9

function roundDown(value: number, steps: number): number {
  return Math.floor(value * steps + NOISE) / steps
}

function roundUp(value: number, steps: number): number {
  return Math.ceil(value * steps - NOISE) / steps
}
