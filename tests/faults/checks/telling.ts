/** Webhooks: every event is told, in its task's order, and each crash doubles one at most. Pure. */
import { parseSubject, taskKey } from '@orchestrator/shared/contracts'
import type { Breach, History, LedgerMessage } from '../history.ts'

export function checkTelling({ ledger, told, kills, lostLeases }: History): readonly Breach[] {
  const tasks = new Map(ledger.flatMap((message) => taskOf(message)))
  const crashes = crashesThatDouble({ kills, lostLeases })
  return [...allIsTold(tasks, told), ...inOrder(tasks, told), ...doubledByCrashesOnly(told, crashes)]
}

/** Those that may come between a message and the note that it was told; the broker's end only delays the note. */
export function crashesThatDouble({ kills, lostLeases }: Pick<History, 'kills' | 'lostLeases'>): number {
  return lostLeases + kills.filter(({ victim }) => victim === 'notifier' || victim === 'up').length
}

/** What came more than once: each repetition counts. */
export function doublesOf(told: readonly number[]): readonly number[] {
  const seen = new Set<number>()
  return told.filter((sequence) => seen.has(sequence) || !seen.add(sequence))
}

/** The task that a message is told of; what happens to a workspace is not told. */
function taskOf({ seq, subject }: LedgerMessage): [number, string][] {
  const parsed = parseSubject(subject)
  return parsed === undefined || !('task' in parsed) ? [] : [[seq, taskKey(parsed.task)]]
}

type Tasks = ReadonlyMap<number, string>

function allIsTold(tasks: Tasks, told: readonly number[]): Breach[] {
  const heard = new Set(told)
  const missing = [...tasks].filter(([sequence]) => !heard.has(sequence))
  return [
    ...missing.map(([sequence, task]) => ({ rule: 'every event is told', detail: `${sequence} of ${task} was not` })),
    ...told
      .filter((sequence) => !tasks.has(sequence))
      .map((sequence) => ({ rule: 'only events are told', detail: String(sequence) })),
  ]
}

/** A repetition may only be of the last one told. */
function inOrder(tasks: Tasks, told: readonly number[]): Breach[] {
  return [...Map.groupBy(told, (sequence) => tasks.get(sequence) ?? '')].flatMap(([task, sequences]) => {
    const isOrdered = sequences.every((sequence, index) => sequence >= (sequences[index - 1] ?? 0))
    return isOrdered ? [] : { rule: 'a task is told in its order', detail: `${task}: ${sequences.join(', ')}` }
  })
}

/** A channel makes one call at a time, so all tasks together count. */
function doubledByCrashesOnly(told: readonly number[], crashes: number): Breach[] {
  const doubles = doublesOf(told)
  if (doubles.length <= crashes) return []
  const detail = `${doubles.length} doubled after ${crashes} crashes: ${doubles.join(', ')}`
  return [{ rule: 'a crash doubles one message at most', detail }]
}
