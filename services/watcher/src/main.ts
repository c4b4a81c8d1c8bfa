import { runService } from '@orchestrator/shared/service'
import { createWatcherApp } from './app.ts'
import { WatcherEnvironment } from './config.ts'

await runService({ name: 'watcher', environment: WatcherEnvironment, createApp: createWatcherApp })
