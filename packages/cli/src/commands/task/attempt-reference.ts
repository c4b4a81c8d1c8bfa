import { DEFAULT_TAG } from '@orchestrator/shared/contracts'
import type { Command } from 'commander'

export function withAttemptReference(command: Command): Command {
  return command
    .argument('<attempt|service>', 'name of an attempt, or of a service: its latest attempt')
    .argument('[taskId]', 'task of the service: its latest attempt')
    .option('--tag <tag>', `task list of the platform repository (${DEFAULT_TAG} when a task is named)`)
}
