import { brokerEnvironment, commonEnvironment } from '@orchestrator/shared/service'
import { z } from 'zod'

/** The notifier's environment. Its channels are in the settings file, their secrets in files that it names. */
export const NotifierEnvironment = z.object({ ...commonEnvironment, ...brokerEnvironment })
export type NotifierConfig = z.output<typeof NotifierEnvironment>
