/** What `npm run test:faults` may be told. */
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { TARGETS } from './schedule.ts'

export const HELP = `usage: npm run test:faults -- [options]

Each round starts an installation, submits, stops, kills and breaks connections at random, waits until all is calm, and
then looks at everything that must hold. Ends with 1 when something was breached; the folder of that round is kept.

  --rounds N    how many rounds (10)
  --seed S      where chance begins: the same seed gives the same rounds (the time)
  --only WHAT   this fault only: ${TARGETS.join(', ')}
  --round R     the number of the first round (1)
  --at-once N   rounds at the same time: they wait a lot, for leases to expire and the like (2)
  --help

  npm run test:faults -- --rounds 100
  npm run test:faults -- --rounds 20 --seed 7 --only notifier
  npm run test:faults -- --seed 7 --round 13 --rounds 1
`

const Count = z.coerce.number().int().min(1).max(100_000)

const Options = z.object({
  rounds: Count.default(10),
  seed: z
    .string()
    .min(1)
    .default(() => String(Date.now() % 1_000_000)),
  only: z.enum(TARGETS).optional(),
  round: Count.default(1),
  'at-once': Count.max(16).default(2),
})
export type Options = z.output<typeof Options>

/** @throws ZodError, or what `parseArgs` throws, naming the option */
export function readOptions(args: readonly string[]): Options | 'help' {
  const text = { type: 'string' } as const
  const { values } = parseArgs({
    args: [...args],
    options: { rounds: text, seed: text, only: text, round: text, 'at-once': text, help: { type: 'boolean' } },
  })
  return values.help === true ? 'help' : Options.parse(values)
}
