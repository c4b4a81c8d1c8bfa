/**
 * `npm run test:faults -- --rounds N --seed S [--only WHAT] [--round R]`: random kills and broken connections under load,
 * then a look at everything that must hold. Ends with 1 when something was breached, and keeps that round's folder.
 */
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { describeFigures } from './figures.ts'
import { createRepositories } from './prepare.ts'
import { runRound, type RoundResult } from './round.ts'
import { TARGETS } from './schedule.ts'

const Options = z.object({
  rounds: z.coerce.number().int().min(1).max(100_000).default(10),
  seed: z
    .string()
    .min(1)
    .default(() => String(Date.now() % 1_000_000)),
  only: z.enum(TARGETS).optional(),
  /** The first round: to repeat one, with `--rounds 1`. */
  round: z.coerce.number().int().min(1).default(1),
})

const say = (text: string): void => void process.stdout.write(`${text}\n`)

async function main(): Promise<number> {
  const strings = { type: 'string' } as const
  const { values } = parseArgs({ options: { rounds: strings, seed: strings, only: strings, round: strings } })
  const { rounds, seed, only, round: first } = Options.parse(values)
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => stop.abort(new Error(`ended by ${signal}`)))
  await using repositories = await createRepositories()
  const results: RoundResult[] = []
  for (let round = first; round < first + rounds; round += 1) {
    const startedAt = performance.now()
    const result = await runRound({ seed, round, only }, repositories, stop.signal)
    results.push(result)
    say(describeRound(round, result, performance.now() - startedAt))
    const again = `--seed ${seed} --round ${round} --rounds 1${only === undefined ? '' : ` --only ${only}`}`
    if (result.breaches.length > 0) say(`  kept in ${result.folder}; again: npm run test:faults -- ${again}`)
  }
  say(`\n${describeFigures(results.map(({ figures }) => figures))}`)
  const breaches = results.flatMap((result) => result.breaches)
  say(`${results.length} rounds, ${breaches.length} breaches`)
  return breaches.length === 0 ? 0 : 1
}

function describeRound(round: number, { mode, figures, breaches }: RoundResult, tookMs: number): string {
  const { attempts, kills, connections, recoveryMs, last, ownEnds } = figures
  const count = (counts: Readonly<Record<string, number>>): number => Object.values(counts).reduce((a, b) => a + b, 0)
  const facts = [
    `${attempts} attempts`,
    `${count(kills)} kills`,
    `${count(connections)} connection faults`,
    `recovered in ${(recoveryMs / 1000).toFixed(1)} s (last: ${last})`,
    `took ${(tookMs / 1000).toFixed(1)} s`,
  ]
  const lines = breaches.map(({ rule, detail }) => `  BREACH ${rule}: ${detail}`)
  const ends = ownEnds.map((end) => `  ended by itself: ${end}`)
  const verdict = breaches.length === 0 ? 'ok' : `${breaches.length} breaches`
  return [`round ${round} (${mode}): ${facts.join(', ')}: ${verdict}`, ...ends, ...lines].join('\n')
}

process.exitCode = await main()
