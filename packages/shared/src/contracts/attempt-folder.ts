/** Where an attempt is kept in its workspace: known to who prepares it, who runs it and who looks for its result. */
import type { AttemptRef } from './identity.ts'

/** Of all tasks that the workspace has served. */
export const HISTORY_FOLDER = 'tasks'

/** `tasks/<tag>-<id>/attempt-<n>`, relative to the workspace. From generation 2 on the generation is part of it. */
export function attemptFolder(
  { tag, taskId, n }: Pick<AttemptRef, 'tag' | 'taskId' | 'n'>,
  generation: number,
): string {
  const mark = generation > 1 ? `-g${generation}` : ''
  return `${HISTORY_FOLDER}/${tag}-${taskId}/attempt-${n}${mark}`
}
