import { CONTROL_SUBJECTS, RebuildNotice } from '@orchestrator/shared/contracts'
import type { Notices } from '@orchestrator/shared/nats'
import { servicesToLookAt } from './sweeps.ts'
import type { World } from './world.ts'

/** After a rebuild of the views whoever waits, or starts, is said to once more. */
export function answerRebuilds(
  world: Pick<World, 'workspaces' | 'progress' | 'wake' | 'logger'>,
  notices: Pick<Notices, 'listen'>,
): Disposable {
  const sayAgain = async (): Promise<void> => {
    world.progress.sayAgain()
    for (const service of await servicesToLookAt(world)) world.wake(service)
  }
  return notices.listen(CONTROL_SUBJECTS.rebuild, (message) => {
    RebuildNotice.parse(message)
    sayAgain().catch((error: unknown) => world.logger.warn({ err: error }, 'where attempts stand was not said again'))
  })
}
