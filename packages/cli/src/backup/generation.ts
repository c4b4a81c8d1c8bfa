import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Epoch } from '@orchestrator/shared/contracts'

/**
 * The highest generation that runners have worked under in the workspaces of a state directory: a backup that is restored
 * twice must not give the second ledger the first one's.
 */
export async function highestGeneration(stateDirectory: string): Promise<number> {
  const workspaces = join(stateDirectory, 'workspaces')
  const names = await readdir(workspaces).catch(() => [])
  const generations = await Promise.all(names.map((name) => readGeneration(join(workspaces, name, 'tasks', 'epoch'))))
  return Math.max(0, ...generations)
}

async function readGeneration(file: string): Promise<number> {
  try {
    return Epoch.parse(JSON.parse(await readFile(file, 'utf8'))).generation
  } catch {
    return 0
  }
}
