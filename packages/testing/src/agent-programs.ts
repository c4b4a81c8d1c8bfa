import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/**
 * Path of a real agent program: named in `ORCHESTRATOR_CLAUDE` or `ORCHESTRATOR_CODEX`, else on the PATH. Without one the
 * tests that need it are skipped; `scripts/claude` and `scripts/codex` install them into the repository's own folder.
 */
export function agentProgram(name: 'claude' | 'codex'): string | undefined {
  const named = process.env[`ORCHESTRATOR_${name.toUpperCase()}`]
  if (named !== undefined && named !== '') return named
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  return folders.map((folder) => join(folder, name)).find(isExecutable)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
