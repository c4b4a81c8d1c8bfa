/** A launch folder as a launcher leaves it before it spawns a runner. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ATTEMPT_FILE, type AttemptFile, type TaskSubmitted } from '@orchestrator/shared/contracts'

export interface LaunchFolder {
  readonly folder: string
  readonly home: string
  readonly submittedId: string
}

export async function prepareLaunchFolder(state: string, { id, data }: TaskSubmitted): Promise<LaunchFolder> {
  const { name, workspace } = data.attempt
  const folder = join(state, 'launches', name)
  const home = join(state, 'homes', workspace)
  const attempt: AttemptFile = {
    v: 1,
    submittedId: id,
    spec: data.attempt,
    epoch: { generation: 1, sequence: 1 },
    workspaceDirectory: join(state, 'workspaces', workspace),
    agent: { adapter: 'command', command: ['true'], environment: {} },
    files: [],
    promptFile: 'prompt.md',
    earlier: [],
    credentials: { gitEnvironment: {}, secretFiles: [] },
    stopGraceMs: 1000,
    holdLimitMs: 60_000,
  }
  for (const part of ['files', 'held', 'lines', 'errors']) await mkdir(join(folder, part), { recursive: true })
  for (const directory of [home, attempt.workspaceDirectory]) await mkdir(directory, { recursive: true })
  await writeFile(join(folder, 'files', 'prompt.md'), 'Nothing.\n')
  await writeFile(join(folder, ATTEMPT_FILE), JSON.stringify(attempt))
  return { folder, home, submittedId: id }
}
