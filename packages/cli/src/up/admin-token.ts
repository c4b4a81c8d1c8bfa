import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { accessTokenOf } from '@orchestrator/shared/contracts'

/** A token for whoever may read the state directory, who could read the broker's password there as well. */
export async function keepAdminToken(stateDirectory: string): Promise<string> {
  const file = join(stateDirectory, 'admin.token')
  try {
    await writeFile(file, `${accessTokenOf(randomBytes(32))}\n`, { mode: 0o600, flag: 'wx' })
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  }
  return file
}
