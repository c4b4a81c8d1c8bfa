/** What was accepted: none lost, none twice, numbered without gaps. Pure. */
import type { Breach, History } from '../history.ts'
import type { LedgerAttempt, LedgerReading } from './attempts.ts'

export function checkIntake(history: History, ledger: LedgerReading): readonly Breach[] {
  return [
    ...history.refused.map(({ what, status, detail }) =>
      breach('a request was refused', `${what}: ${status} ${detail}`),
    ),
    ...ledger.strays.map((detail) => breach('the ledger holds nothing strange', detail)),
    ...acknowledgedIsThere(history, ledger),
    ...numbersAreDense(ledger.attempts),
    ...keysMakeOne(history, ledger.attempts),
    ...namesDiffer(ledger.attempts),
  ]
}

function breach(rule: string, detail: string): Breach {
  return { rule, detail }
}

function acknowledgedIsThere({ acknowledged }: History, { byName }: LedgerReading): Breach[] {
  const rule = 'no acknowledged submit is lost'
  return acknowledged.flatMap(({ key, attempt, n, sequence }) => {
    const found = byName.get(attempt)
    if (found === undefined) return breach(rule, `${attempt} (key ${key}) is not in the ledger`)
    const { seq, event } = found.submitted
    if (seq !== sequence || found.n !== n) {
      return breach(
        rule,
        `${attempt} was acknowledged as number ${n} at ${sequence} and is number ${found.n} at ${seq}`,
      )
    }
    const stored = event.data.idempotencyKey ?? 'none'
    return stored.endsWith(`/${key}`) ? [] : breach(rule, `${attempt} has key ${stored} and was answered to ${key}`)
  })
}

function numbersAreDense(attempts: readonly LedgerAttempt[]): Breach[] {
  const byTask = Map.groupBy(attempts, ({ task }) => task)
  return [...byTask].flatMap(([task, ofTask]) => {
    const numbers = ofTask.toSorted((a, b) => a.submitted.seq - b.submitted.seq).map(({ n }) => n)
    const isDense = numbers.every((n, index) => n === index + 1)
    return isDense ? [] : breach('numbers of attempts are dense and unique', `${task} has ${numbers.join(', ')}`)
  })
}

function keysMakeOne({ acknowledged }: History, attempts: readonly LedgerAttempt[]): Breach[] {
  const rule = 'one key makes one attempt'
  const stored = Map.groupBy(attempts, ({ submitted }) => submitted.event.data.idempotencyKey ?? submitted.event.id)
  const answered = Map.groupBy(acknowledged, ({ key }) => key)
  const answers = [...answered].map(([key, all]) => [key, all.map(({ attempt }) => attempt)] as const)
  const made = [...stored].map(([key, all]) => [key, all.map(({ name }) => name)] as const)
  return [...made, ...answers].flatMap(([key, names]) => {
    const different = new Set(names)
    return different.size <= 1 ? [] : breach(rule, `${key}: ${[...different].join(', ')}`)
  })
}

function namesDiffer(attempts: readonly LedgerAttempt[]): Breach[] {
  const rule = 'two attempts never have one name'
  return [...Map.groupBy(attempts, ({ name }) => name)].flatMap(([name, all]) =>
    all.length === 1 ? [] : breach(rule, `${name}: ${all.map(({ submitted }) => submitted.seq).join(', ')}`),
  )
}
