/** Which documents a task has and where they may lie in the platform repository. Pure. */
import { DEFAULT_TAG } from '@orchestrator/shared/contracts'

const DOCS = '.taskmaster/docs'
const TASKS = '.taskmaster/tasks'

export const REQUIRED_DOCUMENTS = ['task.md', 'acceptance-criteria.md'] as const
/** May also lie one level up, for all tasks there. */
export const SHARED_DOCUMENT = 'architecture.md'
export const GATES_DOCUMENT = 'gates.json'

interface TaskPlace {
  readonly tag: string
  readonly taskId: string
}

/**
 * Folders of a task, best first. The default list may have a folder of its own name or none; any other list has one,
 * and never falls back to another list's documents of the same number.
 */
export function documentFolders(task: TaskPlace): readonly string[] {
  return foldersBelow(DOCS, task)
}

/** Where the task's choice of tools may lie, best first. */
export function clientConfigPaths(task: TaskPlace): readonly string[] {
  return [...foldersBelow(TASKS, task), ...foldersBelow(DOCS, task)].map((folder) => `${folder}/client-config.json`)
}

function foldersBelow(root: string, { tag, taskId }: TaskPlace): readonly string[] {
  const tagged = `${root}/${tag}/task-${taskId}`
  return tag === DEFAULT_TAG ? [`${root}/task-${taskId}`, tagged] : [tagged]
}
