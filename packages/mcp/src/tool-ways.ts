import { commandWays, type Ways } from '@orchestrator/client/texts'
import { DEFAULT_TAG } from '@orchestrator/shared/contracts'

/** How one goes on by tools; what only a person may do, and where a person may look, stays a command. */
export function toolWays(command: string): Ways {
  const commands = commandWays(command)
  return {
    ...commands,
    follow: (attempt) => `wait_for_task with attempt "${attempt}"; in a terminal: ${commands.follow(attempt)}`,
    log: (attempt) => `get_task_logs with attempt "${attempt}"; in a terminal: ${commands.log(attempt)}`,
    retry: ({ service, taskId, tag }) =>
      `retry_task with service "${service}", task_id "${taskId}"${tag === DEFAULT_TAG ? '' : `, tag "${tag}"`} and guidance: what to do differently`,
    submit: () => 'submit_implementation_task with service and task_id',
    nextPage: (cursor) => `list_tasks with the same arguments and cursor "${cursor}"`,
  }
}
