import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/**
 * Path of a real Claude Code: named in `ORCHESTRATOR_CLAUDE`, else on the PATH. Without one the tests that need it are
 * skipped; `scripts/claude` installs it into the repository's own folder.
 */
export function claudeProgram(): string | undefined {
  const named = process.env['ORCHESTRATOR_CLAUDE']
  if (named !== undefined && named !== '') return named
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  return folders.map((folder) => join(folder, 'claude')).find(isExecutable)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
