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

/** Core NATS, in no stream: to every service, who answers with a {@link ServiceHealth}. */
export const HEALTH_SUBJECT = 'control.health'

export const CheckHealth = z.object({
  name: z.string(),
  /** `ok`, or what is wrong. */
  state: z.string(),
  /** When it became so: `ok`, or not. */
  since: z.iso.datetime(),
  /** What was wrong last since the service was started; null while nothing was. */
  lastProblem: z.object({ text: z.string(), at: z.iso.datetime(), endedAt: z.iso.datetime().nullable() }).nullable(),
})
export type CheckHealth = z.infer<typeof CheckHealth>

/** One replica of a service. */
export const ServiceHealth = z.object({
  service: z.string(),
  replica: z.string(),
  version: z.string(),
  startedAt: z.iso.datetime(),
  ready: z.boolean(),
  /** Where it is, or was last, connected to: host and port, never who as. */
  broker: z.object({ address: z.string(), version: z.string(), connected: z.boolean() }),
  checks: z.array(CheckHealth),
  /** Of a submitter. `lag`: events of the ledger that it does not have yet; null while the ledger cannot be asked. */
  view: z.object({ sequence: z.int(), lag: z.int().nullable() }).nullable(),
})
export type ServiceHealth = z.infer<typeof ServiceHealth>

/** `GET /v1/health` */
export const InstallationHealth = z.object({
  /** All that answer are ready, and nobody is missing. */
  ready: z.boolean(),
  services: z.array(ServiceHealth),
  /** Services of which no replica answers. */
  missing: z.array(z.string()),
})
export type InstallationHealth = z.infer<typeof InstallationHealth>
