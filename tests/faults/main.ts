/**
 * `npm run test:faults -- --rounds N --seed S [--only WHAT] [--round R]`: random kills and broken connections under load,
 * then a look at everything that must hold. Ends with 1 when something was breached, and keeps that round's folder.
 */
import { parseArgs } from 'node:util'
import { describeError } from '@orchestrator/shared/core'
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

function readOptions(): z.output<typeof Options> | undefined {
  try {
    const strings = { type: 'string' } as const
    const { values } = parseArgs({ options: { rounds: strings, seed: strings, only: strings, round: strings } })
    return Options.parse(values)
  } catch (error) {
    say(error instanceof z.ZodError ? z.prettifyError(error) : describeError(error))
    say(`usage: npm run test:faults -- [--rounds N] [--seed S] [--round FIRST] [--only ${TARGETS.join('|')}]`)
    return undefined
  }
}

async function main(): Promise<number> {
  const options = readOptions()
  if (options === undefined) return 2
  const { rounds, seed, only, round: first } = options
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => stop.abort(new Error(`ended by ${signal}`)))
  say(`seed ${seed}`)
  await using repositories = await createRepositories()
  const results: RoundResult[] = []
  try {
    for (let round = first; round < first + rounds; round += 1) {
      const startedAt = performance.now()
      const result = await runRound({ seed, round, only }, repositories, stop.signal)
      results.push(result)
      say(describeRound(round, result, performance.now() - startedAt))
      const again = `--seed ${seed} --round ${round} --rounds 1${only === undefined ? '' : ` --only ${only}`}`
      if (result.breaches.length > 0) say(`  kept in ${result.folder}; again: npm run test:faults -- ${again}`)
    }
  } catch (error) {
    if (!stop.signal.aborted) throw error
    say(describeError(stop.signal.reason))
  }
  say(`\n${describeFigures(results.map(({ figures }) => figures))}`)
  const breaches = results.flatMap((result) => result.breaches)
  say(`${results.length} rounds, ${breaches.length} breaches`)
  return breaches.length === 0 && !stop.signal.aborted ? 0 : 1
}

function describeRound(round: number, { mode, figures, breaches }: RoundResult, tookMs: number): string {
  const { attempts, kills, disturbances, recoveryMs, last, ownEnds } = figures
  const count = (counts: Readonly<Record<string, number>>): number => Object.values(counts).reduce((a, b) => a + b, 0)
  const facts = [
    `${attempts} attempts`,
    `${count(kills)} kills`,
    `${count(disturbances)} disturbances`,
    `recovered in ${(recoveryMs / 1000).toFixed(1)} s (last: ${last})`,
    `took ${(tookMs / 1000).toFixed(1)} s`,
  ]
  const lines = breaches.map(({ rule, detail }) => `  BREACH ${rule}: ${detail}`)
  const ends = ownEnds.map((end) => `  ended by itself: ${end}`)
  const verdict = breaches.length === 0 ? 'ok' : `${breaches.length} breaches`
  return [`round ${round} (${mode}): ${facts.join(', ')}: ${verdict}`, ...ends, ...lines].join('\n')
}

process.exitCode = await main()
