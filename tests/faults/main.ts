/**
 * `npm run test:faults -- --rounds N --seed S [--only WHAT] [--round R] [--at-once N]`: random kills and broken
 * connections under load, then a look at everything that must hold.
 */
import { describeError } from '@orchestrator/shared/core'
import { z } from 'zod'
import { describeFigures } from './figures.ts'
import { HELP, type Options, readOptions } from './options.ts'
import { createRepositories, type Repositories } from './prepare.ts'
import { runRound, type RoundResult } from './round.ts'

const say = (text: string): void => void process.stdout.write(`${text}\n`)

async function main(): Promise<number> {
  const options = optionsOf(process.argv.slice(2))
  if (options === 'help') say(HELP)
  if (typeof options === 'string') return options === 'help' ? 0 : 2
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => stop.abort(new Error(`ended by ${signal}`)))
  say(`seed ${options.seed}`)
  const results: RoundResult[] = []
  await using repositories = await createRepositories()
  try {
    await runAll(options, { repositories, results, signal: stop.signal })
  } catch (error) {
    if (!stop.signal.aborted) throw error
    say(describeError(stop.signal.reason))
  }
  say(`\n${describeFigures(results.map(({ figures }) => figures))}`)
  const breaches = results.flatMap((result) => result.breaches)
  say(`${results.length} rounds, ${breaches.length} breaches`)
  return breaches.length === 0 && !stop.signal.aborted ? 0 : 1
}

function optionsOf(args: readonly string[]): Options | 'help' | 'wrong' {
  try {
    return readOptions(args)
  } catch (error) {
    say(`${error instanceof z.ZodError ? z.prettifyError(error) : describeError(error)}\n\n${HELP}`)
    return 'wrong'
  }
}

interface Running {
  readonly repositories: Repositories
  readonly results: RoundResult[]
  readonly signal: AbortSignal
}

async function runAll(
  { rounds, seed, only, round: first, 'at-once': atOnce }: Options,
  running: Running,
): Promise<void> {
  const numbers = Array.from({ length: rounds }, (_, i) => first + i).values()
  const runSome = async (): Promise<void> => {
    for (const round of numbers) {
      const startedAt = performance.now()
      const result = await runRound({ seed, round, only }, running.repositories, running.signal)
      running.results.push(result)
      say(describeRound(round, result, performance.now() - startedAt))
      const again = `--seed ${seed} --round ${round} --rounds 1${only === undefined ? '' : ` --only ${only}`}`
      if (result.breaches.length > 0) say(`  kept in ${result.folder}; again: npm run test:faults -- ${again}`)
    }
  }
  await Promise.all(Array.from({ length: Math.min(rounds, atOnce) }, runSome))
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
