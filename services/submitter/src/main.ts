import { runService } from '@orchestrator/shared/service'
import { createSubmitterApp } from './app.ts'
import { SubmitterEnvironment } from './config.ts'

await runService({ name: 'submitter', environment: SubmitterEnvironment, createApp: createSubmitterApp })
