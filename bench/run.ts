/** `npm run bench -- NAME [--save]`: runs bench/NAME.ts; --save also writes bench/results/NAME.json. */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Benchmark } from './harness/benchmark.ts'
import { describeMachine } from './harness/machine.ts'
import { verdict, worstMode } from './harness/report.ts'

const { positionals, values } = parseArgs({ allowPositionals: true, options: { save: { type: 'boolean' } } })
const [name = ''] = positionals

const available = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith('.ts') && file !== 'run.ts')
  .map((file) => file.slice(0, -'.ts'.length))

if (!available.includes(name)) {
  console.error(`usage: npm run bench -- NAME [--save]\navailable: ${available.join(', ') || 'none yet'}`)
  process.exit(2)
}

const { default: benchmark }: { default: Benchmark } = await import(`./${name}.ts`)
const { goal } = benchmark
const measurement = await benchmark.run()

if (values.save) {
  const result = {
    name,
    goal,
    worst: worstMode(goal, measurement),
    ...measurement,
    date: new Date().toISOString(),
    machine: describeMachine(process.env['ORCHESTRATOR_NATS_SERVER'] ?? 'nats-server'),
  }
  const folder = join(import.meta.dirname, 'results')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(result, null, 2)}\n`)
}
console.log(verdict(name, goal, measurement))
