/** Filling a rendered prompt with what only the workspace knows. Texts are inserted as they are and never read again. */
import { DOCUMENTS_PLACEHOLDER, HISTORY_PLACEHOLDER } from '@orchestrator/shared/contracts'

export interface PromptInsertions {
  /** Absolute paths of the task's documents. */
  readonly documents: readonly string[]
  /** What earlier attempts did; empty for a first attempt. */
  readonly history: string
}

/** A placeholder counts only as a line of its own, so a text that merely mentions one stays whole. */
export function fillPrompt(template: string, { documents, history }: PromptInsertions): string {
  const insertions = new Map([
    [DOCUMENTS_PLACEHOLDER, documents.map((path) => `- ${path}`).join('\n')],
    [HISTORY_PLACEHOLDER, history.trimEnd()],
  ])
  const lines = template.split('\n').flatMap((line) => {
    const insertion = insertions.get(line.trim())
    if (insertion === undefined) return [line]
    return insertion === '' ? [] : [insertion]
  })
  return lines.join('\n')
}
