/** What `npm run soak` may be told. */
import { parseArgs } from 'node:util'
import { z } from 'zod'

export const HELP = `usage: npm run soak -- [options]

Runs attempts of an agent that does nothing through the real services and broker, looks again and again at what each
process holds, and says whether anything grows with the attempts. Ends with 1 when something does.

  --attempts N     how many (10000)
  --runtime R      none: workloads end when they are let go, which leaves the services (default)
                   process: a real runner with git, agent and log for each
  --at-once N      attempts under way at the same time (none: 32, process: 6)
  --save           write every look to bench/results/soak-<runtime>.json, with the machine
  --help

  npm run soak
  npm run soak -- --runtime process --attempts 500
`

const RUNTIMES = ['none', 'process'] as const
const AT_ONCE = { none: 32, process: 6 } as const

const Options = z
  .object({
    /** Fewer make no trend. */
    attempts: z.coerce.number().int().min(100).max(1_000_000).default(10_000),
    runtime: z.enum(RUNTIMES).default('none'),
    'at-once': z.coerce.number().int().min(1).max(1000).optional(),
    save: z.boolean().default(false),
  })
  .transform(({ 'at-once': atOnce, ...rest }) => ({ ...rest, atOnce: atOnce ?? AT_ONCE[rest.runtime] }))
export type Options = z.output<typeof Options>

/** @throws ZodError, or what `parseArgs` throws, naming the option */
export function readOptions(args: readonly string[]): Options | 'help' {
  const text = { type: 'string' } as const
  const { values } = parseArgs({
    args: [...args],
    options: { attempts: text, runtime: text, 'at-once': text, save: { type: 'boolean' }, help: { type: 'boolean' } },
  })
  return values.help === true ? 'help' : Options.parse(values)
}
