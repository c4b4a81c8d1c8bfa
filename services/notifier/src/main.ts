import { runService } from '@orchestrator/shared/service'
import { createNotifierApp } from './app.ts'
import { NotifierEnvironment } from './config.ts'

await runService({ name: 'notifier', environment: NotifierEnvironment, createApp: createNotifierApp })
