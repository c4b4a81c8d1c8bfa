import { describeSubmit } from '@orchestrator/client/texts'
import { SubmitAnswer } from '@orchestrator/shared/contracts'
import { z } from 'zod'
import { withText } from '../attempt-facts.ts'
import { idempotencyKey, nameParameter, overridable, service, tag, taskId, toBody } from '../parameters.ts'
import type { Tool } from '../tool.ts'

const input = z.strictObject({
  task_id: taskId,
  service,
  ...overridable,
  prompt_modification: z.exactOptional(
    z.string().describe('guidance for the agent, verbatim: what this attempt should know or do differently'),
  ),
  tag,
  idempotency_key: idempotencyKey,
})

/** The facts of every answer to a submit. */
export const submitFacts = withText(
  SubmitAnswer.omit({ limits: true, next: true }).extend({
    /** Where the platform repository was found when it was not named. */
    platformDetected: z
      .boolean()
      .describe('true when the platform repository is the checkout that the server stands in'),
  }).shape,
)

export const submitTool: Tool<typeof input, typeof submitFacts> = {
  name: 'submit_implementation_task',
  title: 'Submit an implementation task',
  description: `Has a coding agent implement one task of a service: documents, repository and branch are prepared, the agent works, its commits are pushed, and gates decide whether the work is done.
Only task_id and service are required. What is left out comes from the service's settings or its last attempt, and the answer names the source of each value.
For a task that has earlier attempts this is a retry on the same branch; retry_task is the same with guidance required. It returns at once: follow the attempt with wait_for_task or get_task_status.`,
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: true },
  input,
  output: submitFacts,
  nameField: (field) => (field === 'guidance' ? 'prompt_modification' : nameParameter(field)),
  run: async (given, { connect, findPlatform, signal, ways }) => {
    const { service: name, task_id: id, tag: list, prompt_modification: guidance, idempotency_key: key } = given
    const api = await connect(signal)
    const platform = given.platform_repository_url === undefined ? await findPlatform(signal) : undefined
    const overrides = toBody(given)
    const body = {
      service: name,
      taskId: id,
      tag: list,
      guidance,
      ...overrides,
      platformRepositoryUrl: overrides.platformRepositoryUrl ?? platform?.platformRepositoryUrl,
      platformBranch: overrides.platformBranch ?? platform?.platformBranch,
      platformUser: overrides.platformUser ?? platform?.platformUser,
    }
    const answer = await api.submitTask({ body, header: { 'Idempotency-Key': key } })
    const platformDetected = platform !== undefined
    return { text: describeSubmit({ answer, ways, platformDetected }), facts: { ...answer, platformDetected } }
  },
}
