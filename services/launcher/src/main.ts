import { runService } from '@orchestrator/shared/service'
import { createLauncherApp } from './app.ts'
import { LauncherEnvironment } from './config.ts'

await runService({ name: 'launcher', environment: LauncherEnvironment, createApp: createLauncherApp })
