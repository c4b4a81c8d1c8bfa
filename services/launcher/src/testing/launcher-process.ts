/** The launcher as a process of its own, with the stub as its runner: what tests kill. */
import { runService } from '@orchestrator/shared/service'
import { createLauncherWith } from '../app.ts'
import { LauncherEnvironment } from '../config.ts'
import { STUB_RUNNER } from './test-runtime.ts'

await runService({
  name: 'launcher',
  environment: LauncherEnvironment,
  createApp: (context) => createLauncherWith(context, { runnerMain: STUB_RUNNER }),
})
