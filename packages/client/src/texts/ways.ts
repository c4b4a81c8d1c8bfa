/** How a reader goes on, in the words of the door that they came by: commands here, tools there. */
import { DEFAULT_TAG, type TaskRef } from '@orchestrator/shared/contracts'

export interface Ways {
  readonly follow: (attempt: string) => string
  readonly log: (attempt: string) => string
  readonly retry: (task: TaskRef) => string
  readonly release: (service: string) => string
  readonly submit: () => string
  /** Shows which workspaces wait for a person's word. */
  readonly busy: () => string
  readonly nextPage: (cursor: string) => string
}

/** @param command how people call the command line */
export function commandWays(command: string): Ways {
  return {
    follow: (attempt) => `${command} task wait ${attempt}`,
    log: (attempt) => `${command} task logs ${attempt}`,
    retry: ({ service, taskId, tag }) =>
      `${command} task retry ${service} ${taskId}${tag === DEFAULT_TAG ? '' : ` --tag ${tag}`} --guidance "what to do differently"`,
    release: (service) => `${command} task release ${service}`,
    submit: () => `${command} task submit <service> <taskId>`,
    busy: () => `${command} task release`,
    nextPage: (cursor) => `--cursor ${cursor}`,
  }
}
