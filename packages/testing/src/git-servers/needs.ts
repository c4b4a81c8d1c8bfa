import { execFileSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

const PROGRAMS = ['ssh', 'ssh-keygen', 'ssh-agent', 'ssh-add', 'openssl'] as const

/** Why tests with git servers cannot run here; `undefined` where they can. */
function whyNoGitServers(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  const missing = PROGRAMS.filter((name) => !folders.some((folder) => isExecutable(join(folder, name))))
  const gitFolder = execFileSync('git', ['--exec-path'], { encoding: 'utf8' }).trim()
  const backend = isExecutable(join(gitFolder, 'git-http-backend')) ? [] : ['git http-backend']
  const all = [...missing, ...backend]
  return all.length === 0 ? undefined : `${all.join(', ')} cannot be found`
}

/** True where tests with git servers cannot run; said once for each file. */
export function skippedWithoutGitServers(title: string): boolean {
  const why = whyNoGitServers()
  if (why !== undefined) process.stderr.write(`Skipped: ${title}, because ${why}.\n`)
  return why !== undefined
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
