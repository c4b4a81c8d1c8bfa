import { describeSubmit } from '@orchestrator/client/texts'
import { z } from 'zod'
import { idempotencyKey, overridable, service, tag, taskId, toBody } from '../parameters.ts'
import type { Tool } from '../tool.ts'
import { submitFacts } from './submit.ts'

const input = z.strictObject({
  service,
  task_id: taskId,
  guidance: z.string().describe('guidance for the agent, verbatim: what went wrong, and what to do differently'),
  previous: z
    .exactOptional(z.union([z.string(), z.int()]))
    .describe('attempt that this one answers, by number or name; the latest when left out'),
  ...overridable,
  tag,
  idempotency_key: idempotencyKey,
})

export const retryTool: Tool<typeof input, typeof submitFacts> = {
  name: 'retry_task',
  title: 'Try a task again with guidance',
  description: `Starts the next attempt of a task with guidance, on the same branch and with what earlier attempts did at hand. What is left out is taken from the attempt before, the working directory too.
Only a person retries: pass on what they want done differently, in their words. While an earlier attempt of the service runs, the new one waits for it.`,
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: true },
  input,
  output: submitFacts,
  run: async (given, { connect, signal, ways }) => {
    const { guidance, previous, idempotency_key: key } = given
    const api = await connect(signal)
    const path = { service: given.service, id: String(given.task_id) }
    const body = { guidance, ...toBody(given), ...(previous !== undefined && { previous: toPrevious(previous) }) }
    const answer = await api.retryTask({ path, query: { tag: given.tag }, body, header: { 'Idempotency-Key': key } })
    const platformDetected = false
    return { text: describeSubmit({ answer, ways, platformDetected }), facts: { ...answer, platformDetected } }
  },
}

/** Models write numbers as texts. */
function toPrevious(previous: string | number): string | number {
  return /^\d+$/.test(String(previous)) ? Number(previous) : previous
}
