import { hasCode } from '@orchestrator/shared/core'
import { agentRef, type Mirror } from './mirror.ts'
import type { Recorder } from './recorder.ts'
import { TRANSFER_TIMEOUT_MS } from './repository.ts'

/** Packed are some thousand objects, in the foreground; packs that are large already stay as they are. */
const WHEN_TO_PACK = ['gc.auto=2000', 'gc.autoPackLimit=20', 'gc.autoDetach=false', 'gc.bigPackThreshold=256m']

export interface Tidying {
  readonly mirror: Pick<Mirror, 'repository'>
  /** Of the attempt. */
  readonly branch: string
  readonly recorder: Pick<Recorder, 'note'>
}

/** Keeps the runner's own clone from growing with the attempts: every other call tells git to leave that alone. */
export async function tidyMirror(tidying: Tidying): Promise<void> {
  try {
    await forgetPushed(tidying)
    await pack(tidying)
  } catch (error) {
    if (!hasCode(error, 'GIT_FAILED')) throw error
    tidying.recorder.note('warning', `the runner's own clone could not be tidied up: ${error.message}`)
  }
}

/** Of what agents committed earlier, only what no remote branch has or had needs a name of its own. */
async function forgetPushed({ mirror: { repository }, branch }: Tidying): Promise<void> {
  const refs = await repository.git(['for-each-ref', '--format=%(refname) %(objectname)', 'refs/agent'])
  for (const line of refs.split('\n').filter((each) => each !== '')) {
    const [ref = '', sha = ''] = line.split(' ')
    if (ref === agentRef(branch)) continue
    const holders = ['for-each-ref', '--count=1', '--contains', sha, 'refs/remotes/origin', 'refs/seen']
    if ((await repository.git(holders)) !== '') await repository.git(['update-ref', '-d', ref, sha])
  }
}

async function pack({ mirror: { repository } }: Tidying): Promise<void> {
  const settings = WHEN_TO_PACK.flatMap((setting) => ['-c', setting])
  await repository.git([...settings, 'gc', '--auto', '--quiet'], { timeoutMs: TRANSFER_TIMEOUT_MS })
}
