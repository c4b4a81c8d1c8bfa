import { describeAttempt, PLAIN } from '@orchestrator/client/texts'
import { z } from 'zod'
import { AttemptFacts, withText } from '../attempt-facts.ts'
import { reference, resolve } from '../reference.ts'
import type { Tool } from '../tool.ts'

const input = z.strictObject(reference)
const output = withText({ attempt: AttemptFacts })

export const statusTool: Tool<typeof input, typeof output> = {
  name: 'get_task_status',
  title: 'Look at an attempt',
  description: `Shows how an attempt stands: phase and step, how long it has been running, what the agent did and said last, what it cost, its place in the queue; for one that has ended what was proved, by which gates, and how to go on.
Pass attempt (its name), or service (its latest attempt), or service and task_id.`,
  annotations: { readOnlyHint: true, openWorldHint: false },
  input,
  output,
  run: async (given, { connect, signal, clock, ways }) => {
    const attempt = await resolve(await connect(signal), given)
    return { text: describeAttempt({ attempt, now: clock.now(), paint: PLAIN, ways }), facts: { attempt } }
  },
}
