/** Who does the work in the demonstration. */
import type { AgentSettings, DefaultSettings } from '@orchestrator/shared/contracts'
import type { z } from 'zod'

export interface DemoAgent extends AsyncDisposable {
  /** What is real and what is not, in plain lines. */
  readonly introduction: readonly string[]
  readonly settings: z.input<typeof AgentSettings>
  readonly limits?: z.input<typeof DefaultSettings>['limits']
  /** It follows a script, in which the first attempt fails; of a model nobody knows. */
  readonly isScripted: boolean
}
