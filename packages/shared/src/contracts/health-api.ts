/** The HTTP API of health: for the platform, and for programs that ask whom they have reached. */
import { z } from 'zod'

/** `GET /livez` */
export const Liveness = z.object({ live: z.boolean() })
export type Liveness = z.infer<typeof Liveness>

/** `GET /readyz`: name of a check → `ok`, or what is wrong. */
export const Readiness = z.object({ ready: z.boolean(), checks: z.record(z.string(), z.string()) })
export type Readiness = z.infer<typeof Readiness>

/** `GET /v1/info` */
export const Information = z.object({
  name: z.literal('orchestrator'),
  version: z.string(),
  /** `sequence`: the last one that this replica's view has. */
  ledger: z.object({ generation: z.int(), sequence: z.int() }),
  broker: z.object({ connected: z.boolean(), version: z.string() }),
})
export type Information = z.infer<typeof Information>
