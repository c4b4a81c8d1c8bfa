/** `npm run soak -- --attempts N [--runtime none|process]`: does anything grow with the attempts? */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { describeError } from '@orchestrator/shared/core'
import { z } from 'zod'
import { describeMachine } from '../harness/machine.ts'
import { runAttempts } from './attempts.ts'
import { countStored } from './broker-store.ts'
import { HELP, type Options, readOptions } from './options.ts'
import { conclusion, describeRows, isHarmless, type SampleAt, toRows } from './report.ts'
import { takeSample } from './sampling.ts'
import { type Site, startSite } from './site.ts'

const SAMPLES = 25
/** Of the looks at the services. The broker's take half a minute each. */
const BROKER_EVERY = 3
/** After the last end of a block: workspaces are given back, logs archived, folders removed. */
const CALM_MS = 1500

async function main(): Promise<number> {
  const options = optionsOf(process.argv.slice(2))
  if (options === 'help') console.log(HELP)
  if (typeof options === 'string') return options === 'help' ? 0 : 2
  await using site = await startSite(options)
  const startedMs = performance.now()
  const samples = await soak(site, options)
  const seconds = Math.round((performance.now() - startedMs) / 1000)
  const phases = [...site.ends.phases].map(([phase, count]) => `${phase} ${count}`).join(', ')
  console.log(
    `${options.attempts} attempts (${phases}), ${options.atOnce} at once, runtime ${options.runtime}, ${seconds} s`,
  )
  const rows = toRows(samples)
  console.log(`${describeRows(rows)}\n${conclusion(rows)}`)
  if (options.save) save({ options, seconds, rows, samples })
  return rows.every(isHarmless) ? 0 : 1
}

function save({ options, ...result }: { readonly options: Options } & Readonly<Record<string, unknown>>): void {
  const folder = join(import.meta.dirname, '../results')
  const machine = describeMachine(process.env['ORCHESTRATOR_NATS_SERVER'] ?? 'nats-server')
  const text = JSON.stringify({ ...options, ...result, date: new Date().toISOString(), machine }, null, 2)
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, `soak-${options.runtime}.json`), `${text}\n`)
}

function optionsOf(args: readonly string[]): Options | 'help' | 'wrong' {
  try {
    return readOptions(args)
  } catch (error) {
    console.error(`${error instanceof z.ZodError ? z.prettifyError(error) : describeError(error)}\n\n${HELP}`)
    return 'wrong'
  }
}

async function soak(
  { port, ends, taskOf, broker, connection, ...sources }: Site,
  { attempts, atOnce }: Options,
): Promise<readonly SampleAt[]> {
  const samples: SampleAt[] = []
  for (let done = 0; done < attempts;) {
    const count = Math.min(Math.ceil(attempts / SAMPLES), attempts - done)
    await runAttempts({ port, ends, atOnce, taskOf }, { from: done, count })
    done += count
    await delay(CALM_MS)
    const now = { ...(await takeSample(sources)), ...(await countStored(connection)) }
    const whenCalm = samples.length % BROKER_EVERY === 0 ? await broker.takeSample() : {}
    samples.push({ attempts: done, sample: { ...now, ...whenCalm } })
    console.log(`${done} of ${attempts}`)
  }
  return samples
}

process.exitCode = await main()
