import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { archivedLogPath } from '@orchestrator/shared/contracts'
import type { StartedAttempt } from '../started-attempt.ts'

export function archivedFile(directory: string, { ref, name }: StartedAttempt): string {
  return join(directory, archivedLogPath({ ...ref, name }))
}

/** The head, and the lines after it, read as anybody would; `undefined` when there is no such log. */
export async function readArchived(
  directory: string,
  attempt: StartedAttempt,
): Promise<{ readonly head: unknown; readonly lines: readonly string[] } | undefined> {
  const bytes = await readFile(archivedFile(directory, attempt)).catch(() => undefined)
  if (bytes === undefined) return undefined
  const [head = '', ...lines] = gunzipSync(bytes).toString('utf8').split('\n').slice(0, -1)
  return { head: JSON.parse(head), lines }
}
