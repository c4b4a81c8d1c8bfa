/** What the tools tell programs about an attempt: the API's own fields, fewer of them. */
import { AttemptView, ResultSummary } from '@orchestrator/shared/contracts'
import { z } from 'zod'

const ANSWER_TEXT = z.string().describe('the answer for people: show them this')

export const AttemptFacts = AttemptView.pick({
  name: true,
  service: true,
  tag: true,
  taskId: true,
  n: true,
  latest: true,
  agent: true,
  model: true,
  phase: true,
  reason: true,
  message: true,
  step: true,
  ahead: true,
  usage: true,
  lastText: true,
  lastActions: true,
  workingDirectory: true,
  workspace: true,
  branch: true,
  guidance: true,
  previous: true,
  submittedAt: true,
  startedAt: true,
  finishedAt: true,
  stopRequested: true,
  verified: true,
}).extend({
  result: ResultSummary.pick({ pushedSha: true, commits: true, diffStat: true, gates: true, flags: true }).nullable(),
})

/** Facts of a tool, with the text that they repeat. */
export function withText<S extends z.ZodRawShape>(shape: S): z.ZodObject<{ text: z.ZodString } & S> {
  return z.object({ text: ANSWER_TEXT, ...shape })
}
