import { mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'

export interface TemporaryDirectory extends AsyncDisposable {
  readonly path: string
}

/** A directory of the test's own, gone after it. */
export async function temporaryDirectory(): Promise<TemporaryDirectory> {
  const created = await mkdtemp(path.join(await realpath(tmpdir()), 'orchestrator-test-'))
  return {
    path: created,
    [Symbol.asyncDispose]: async () => {
      await rm(created, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}
