import { describeTasks, parseAgo, PLAIN } from '@orchestrator/client/texts'
import { Phase } from '@orchestrator/shared/contracts'
import { z } from 'zod'
import { AttemptFacts, withText } from '../attempt-facts.ts'
import { optional, tag } from '../parameters.ts'
import type { Tool } from '../tool.ts'

const LIMIT = 20
const LIMIT_MAX = 100

const input = z.strictObject({
  service: optional('service whose tasks are wanted; all when left out'),
  phase: z.exactOptional(Phase).describe(`phase of the latest attempt: ${Phase.options.join(', ')}`),
  agent: optional('agent of the latest attempt'),
  tag,
  since: optional('time from which on the latest attempt was submitted, with its offset, or how long ago: "24h", "7d"'),
  until: optional('time before which the latest attempt was submitted, in the same way'),
  limit: z
    .exactOptional(z.int().min(1).max(LIMIT_MAX))
    .describe(`number of tasks, 1 to ${LIMIT_MAX}; ${LIMIT} when left out`),
  cursor: optional('place where an earlier list ended'),
})

const row = {
  name: true,
  agent: true,
  phase: true,
  reason: true,
  usage: true,
  submittedAt: true,
  startedAt: true,
  finishedAt: true,
  verified: true,
} as const

const output = withText({
  tasks: z.array(
    z.object({
      service: z.string(),
      tag: z.string(),
      taskId: z.string(),
      attempts: z.int(),
      latest: AttemptFacts.pick(row),
    }),
  ),
  next: z.string().nullable().describe('cursor of the next page; null when there is none'),
})

export const listTool: Tool<typeof input, typeof output> = {
  name: 'list_tasks',
  title: 'List tasks',
  description:
    'Lists tasks with their latest attempts, most recently submitted first; by service, phase, agent, tag or time.',
  annotations: { readOnlyHint: true, openWorldHint: false },
  input,
  output,
  run: async (given, { connect, signal, clock, ways }) => {
    const api = await connect(signal)
    const ago = (when: string | undefined): string | undefined =>
      when === undefined ? undefined : parseAgo(when, clock.now())
    const [since, until] = [ago(given.since), ago(given.until)]
    const page = await api.listTasks({ query: { ...given, since, until, limit: given.limit ?? LIMIT } })
    return { text: describeTasks({ page, now: clock.now(), paint: PLAIN, ways }), facts: { ...page } }
  },
}
