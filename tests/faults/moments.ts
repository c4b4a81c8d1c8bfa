/** The moments in which a crash is most telling: between two writes that belong together. */
import { existsSync, globSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import type { Moment } from './schedule.ts'

export interface MomentSources {
  readonly stateDirectory: string
  /** What the sink has received so far. */
  readonly told: () => number
}

const LOOK_MS = 5
const LOOK_FOR_MS = 2000

const FILES: Readonly<Record<Exclude<Moment, 'now' | 'told'>, string>> = {
  ordered: 'launches/*/attempt.json',
  held: 'launches/*/held/*.json',
  go: 'launches/*/go.json',
  result: 'workspaces/*/tasks/*/*/result.json',
}

/** Resolves at the next one, or after some seconds without one. */
export async function untilMoment(
  moment: Moment,
  { stateDirectory, told }: MomentSources,
  signal: AbortSignal,
): Promise<void> {
  if (moment === 'now') return
  const seen = new Set(events(moment, { stateDirectory, told }))
  const isThere = (): boolean => events(moment, { stateDirectory, told }).some((event) => !seen.has(event))
  for (const until = performance.now() + LOOK_FOR_MS; !isThere() && performance.now() < until;) {
    await delay(LOOK_MS, undefined, { signal })
  }
}

/** A name for each that has come so far; files may go again. */
function events(moment: Exclude<Moment, 'now'>, { stateDirectory, told }: MomentSources): readonly string[] {
  if (moment === 'told') return [String(told())]
  return existsSync(stateDirectory) ? globSync(FILES[moment], { cwd: stateDirectory }) : []
}
