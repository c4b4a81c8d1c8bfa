import { isTerminal } from '@orchestrator/shared/contracts'
import type { Breach, History } from '../history.ts'
import { checkAgents } from './agents.ts'
import { type LedgerReading, readLedger } from './attempts.ts'
import { checkEndings } from './ending.ts'
import { checkIntake } from './intake.ts'
import { checkLogs } from './logs.ts'
import { checkTelling } from './telling.ts'

/** Everything that must hold once a round is over, whatever happened in it. */
export function checkRound(history: History): readonly Breach[] {
  const ledger = readLedger(history.ledger)
  return [
    ...checkIntake(history, ledger),
    ...checkEndings(history, ledger),
    ...checkAgents(history, ledger),
    ...checkLogs(history, ledger),
    ...checkTelling(history),
    ...checkViews(history, ledger),
    ...history.deadLetters.map((detail) => ({ rule: 'nothing is given up', detail })),
    ...history.leftovers.map((detail) => ({ rule: 'everything is given back', detail })),
  ]
}

function checkViews({ views }: History, { attempts }: LedgerReading): Breach[] {
  const rule = 'every replica shows what the ledger holds'
  return views.flatMap((view, replica) => {
    const shown = new Map(view.map(({ attempt, phase }) => [attempt, phase]))
    const wrong = attempts.flatMap(({ name, finished }): Breach[] => {
      const [phase, end] = [shown.get(name), finished[0]?.event.data.phase]
      const fits = end === undefined ? phase !== undefined && !isTerminal(phase) : phase === end
      return fits
        ? []
        : [{ rule, detail: `replica ${replica} shows ${name} as ${phase ?? 'unknown'}, not ${end ?? 'live'}` }]
    })
    const invented = view.length - attempts.length
    return invented > 0 ? [...wrong, { rule, detail: `replica ${replica} shows ${invented} attempts too many` }] : wrong
  })
}
