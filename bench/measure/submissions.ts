/** Attempts to launch: each in a workspace of its own, for repositories that are not there, so that runners end soon. */
import { join } from 'node:path'
import type { TaskSubmitted } from '@orchestrator/shared/contracts'
import { sampleAttempt, submittedEvent } from '@orchestrator/testing'

export function submissionOf(directory: string, i: number): TaskSubmitted {
  const event = submittedEvent(sampleAttempt('1', 1, `service-${i}`))
  const { attempt } = event.data
  const repository = { ...attempt.repository, url: `file://${join(directory, 'absent', `${i}.git`)}` }
  return { ...event, data: { ...event.data, attempt: { ...attempt, repository, platform: repository } } }
}
