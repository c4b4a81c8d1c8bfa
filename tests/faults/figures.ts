/** What happened, in numbers. Pure. */
import { crashesThatDouble, doublesOf } from './checks/telling.ts'
import type { History } from './history.ts'
import { VICTIMS } from './schedule.ts'

export interface RoundFigures {
  readonly attempts: number
  readonly phases: Readonly<Record<string, number>>
  readonly kills: Readonly<Record<string, number>>
  readonly disturbances: Readonly<Record<string, number>>
  /** Requests that the load had to send again. */
  readonly resent: number
  readonly redelivered: number
  readonly doubled: number
  /** Crashes of which each may double a message. */
  readonly doublingCrashes: number
  /** Log lines that are counted as lost. */
  readonly missingLines: number
  /** From the last fault until everything had ended, was told and given back, milliseconds. */
  readonly recoveryMs: number
  /** What was waited for last. */
  readonly last: string
  /** Last words of processes that ended by themselves. */
  readonly ownEnds: readonly string[]
}

export interface FigureFacts extends Pick<RoundFigures, 'resent' | 'redelivered' | 'recoveryMs' | 'last' | 'ownEnds'> {
  readonly history: History
  readonly disturbances: readonly string[]
}

export function countFigures({ history, disturbances, ...rest }: FigureFacts): RoundFigures {
  const ends = history.ledger.flatMap(({ event }) => (event?.type === 'attempt.finished' ? [event.data] : []))
  return {
    attempts: history.ledger.filter(({ event }) => event?.type === 'task.submitted').length,
    phases: countBy(ends.map(({ phase, reason }) => `${phase} ${reason}`)),
    kills: countBy(history.kills.map(({ victim }) => victim)),
    disturbances: countBy(disturbances),
    doubled: doublesOf(history.told).length,
    doublingCrashes: crashesThatDouble(history),
    missingLines: ends.reduce((sum, { logs }) => sum + (logs?.gaps ?? 0), 0),
    ...rest,
  }
}

function countBy(items: readonly string[]): Record<string, number> {
  return Object.fromEntries([...Map.groupBy(items, (item) => item)].map(([item, all]) => [item, all.length]))
}

function sumRecords(records: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const sums = new Map<string, number>()
  for (const [name, count] of records.flatMap((record) => Object.entries(record)))
    sums.set(name, (sums.get(name) ?? 0) + count)
  return Object.fromEntries(sums)
}

function addFigures(rounds: readonly RoundFigures[]): RoundFigures {
  const sum = (read: (figures: RoundFigures) => number): number =>
    rounds.reduce((total, figures) => total + read(figures), 0)
  const slowest = rounds.toSorted((a, b) => b.recoveryMs - a.recoveryMs)[0]
  return {
    attempts: sum(({ attempts }) => attempts),
    phases: sumRecords(rounds.map(({ phases }) => phases)),
    kills: sumRecords(rounds.map(({ kills }) => kills)),
    disturbances: sumRecords(rounds.map(({ disturbances }) => disturbances)),
    resent: sum(({ resent }) => resent),
    redelivered: sum(({ redelivered }) => redelivered),
    doubled: sum(({ doubled }) => doubled),
    doublingCrashes: sum(({ doublingCrashes }) => doublingCrashes),
    missingLines: sum(({ missingLines }) => missingLines),
    recoveryMs: slowest?.recoveryMs ?? 0,
    last: slowest?.last ?? 'nothing',
    ownEnds: rounds.flatMap(({ ownEnds }) => ownEnds),
  }
}

export function describeFigures(rounds: readonly RoundFigures[]): string {
  const all = addFigures(rounds)
  const inOrder = VICTIMS.flatMap((victim) => (all.kills[victim] === undefined ? [] : `${victim} ${all.kills[victim]}`))
  return [
    `rounds              ${rounds.length}`,
    `attempts            ${all.attempts} (${describe(all.phases)})`,
    `kills               ${inOrder.join(', ') || 'none'}`,
    `disturbances        ${describe(all.disturbances)}`,
    `requests sent again ${all.resent}`,
    `redeliveries        ${all.redelivered}`,
    `doubled webhooks    ${all.doubled} (crashes that may double: ${all.doublingCrashes})`,
    `counted lost lines  ${all.missingLines}`,
    `own ends            ${all.ownEnds.length}`,
    `slowest recovery    ${(all.recoveryMs / 1000).toFixed(1)} s (last: ${all.last})`,
  ].join('\n')
}

function describe(counts: Readonly<Record<string, number>>): string {
  return (
    Object.entries(counts)
      .toSorted(([, a], [, b]) => b - a)
      .map(([name, count]) => `${name} ${count}`)
      .join(', ') || 'none'
  )
}
