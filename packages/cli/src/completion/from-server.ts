/** What a running server can say of names, for completion: quick or not at all. */
import type { Client } from '@orchestrator/client'
import type { Candidate, Completion, Source } from './complete.ts'

const MOST = 200

/** Values that fit, the most recently submitted first. */
export async function candidatesFrom(
  client: Pick<Client, 'listTasks'>,
  { sources, given, prefix }: Completion,
): Promise<readonly Candidate[]> {
  const [service] = given
  const isOfService = sources.includes('tasks') && service !== undefined
  const { tasks } = await client.listTasks({ query: { limit: MOST, ...(isOfService ? { service } : {}) } })
  const found = tasks.flatMap((task) => {
    const { name, agent, phase } = task.latest
    const state = `${phase}, ${agent}`
    const values: Record<Source, Candidate | undefined> = {
      services: { value: task.service, description: '' },
      tasks: { value: task.taskId, description: state },
      attempts: { value: name, description: state },
      agents: { value: agent, description: '' },
      files: undefined,
    }
    return sources.flatMap((source) => values[source] ?? [])
  })
  const seen = new Map(found.toReversed().map((candidate) => [candidate.value, candidate]))
  return [...seen.values()].toReversed().filter(({ value }) => value.startsWith(prefix))
}
