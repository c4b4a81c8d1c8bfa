import type { Attempt } from '@orchestrator/client'
import { describeStop } from '@orchestrator/client/texts'
import { isTerminal, StopAnswer } from '@orchestrator/shared/contracts'
import { TerminalError } from '@orchestrator/shared/core'
import { z } from 'zod'
import { withText } from '../attempt-facts.ts'
import { reference, resolve } from '../reference.ts'
import type { Tool } from '../tool.ts'

const input = z.strictObject({
  ...reference,
  confirm: z
    .exactOptional(z.boolean())
    .describe('word true, once the person has agreed to stop this very attempt; without it nothing is stopped'),
  note: z.exactOptional(z.string().max(1000)).describe('reason, for the others; at most 1000 characters'),
})

const output = withText({
  ...StopAnswer.pick({ attempt: true, phase: true, accepted: true, message: true }).shape,
  branch: z.string(),
  workspace: z.string(),
})

export const stopTool: Tool<typeof input, typeof output> = {
  name: 'stop_task',
  title: 'Stop an attempt',
  description: `Stops an attempt that has not ended. Its work so far is committed and pushed, branch and workspace are kept, and a retry goes on from there.
Pass attempt, or service, or service and task_id; and confirm: true once the person has agreed. Called without it, it only says what would be stopped.`,
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
  input,
  output,
  run: async (given, { connect, signal, ways }) => {
    const api = await connect(signal)
    const attempt = await resolve(api, given)
    if (given.confirm !== true && !isTerminal(attempt.phase)) throw unconfirmed(attempt)
    const answer = await api.stopAttempt({ path: { name: attempt.name }, body: { note: given.note } })
    const { branch, workspace } = attempt
    return { text: describeStop({ answer, attempt, ways }), facts: { ...answer, branch, workspace } }
  },
}

function unconfirmed({ name, phase }: Attempt): TerminalError {
  const what = `${name} (${phase}) was not stopped: this has to be confirmed`
  const how = `ask the person, then call stop_task with attempt "${name}" and confirm true`
  return new TerminalError('INPUT_INVALID', `${what}; ${how}`)
}
