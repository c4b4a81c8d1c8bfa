import { z } from 'zod'

/** Bounds of one attempt, enforced by the runner; the launcher ends the workload at `wallClockMinutes` plus grace. */
export const Limits = z.object({
  wallClockMinutes: z
    .number()
    .positive()
    .max(7 * 24 * 60)
    .describe('the whole attempt, minutes'),
  idleMinutes: z
    .number()
    .positive()
    .max(24 * 60)
    .describe('without any output of the agent, minutes'),
  usd: z.number().positive().nullable().describe('cost of the model, US dollars; null for no bound'),
  turns: z.int().positive().nullable().describe('turns of the agent; null for no bound'),
})
export type Limits = z.infer<typeof Limits>

export const DEFAULT_LIMITS: Limits = { wallClockMinutes: 120, idleMinutes: 15, usd: null, turns: null }

/** What a request or a settings file may set; the rest comes from the next source. */
export const LimitsInput = z.strictObject({
  wallClockMinutes: z.exactOptional(Limits.shape.wallClockMinutes),
  idleMinutes: z.exactOptional(Limits.shape.idleMinutes),
  usd: z.exactOptional(Limits.shape.usd),
  turns: z.exactOptional(Limits.shape.turns),
})
export type LimitsInput = z.infer<typeof LimitsInput>

/** A check that decides the verdict: a command run on a clean checkout of the pushed commit; exit code 0 passes. */
export const Gate = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9 ._-]{0,62}$/, 'use up to 63 letters, digits, spaces, ".", "_" or "-"')
    .describe('what people call it'),
  command: z.array(z.string().min(1).max(4096)).min(1).max(64).describe('program and arguments; no shell reads it'),
  timeoutSeconds: z
    .exactOptional(
      z
        .number()
        .positive()
        .max(24 * 3600),
    )
    .describe('after which it has failed, seconds; 600 when left out'),
})
export type Gate = z.infer<typeof Gate>

/** As events carry it: read openly. */
export const StoredGate = z.object(Gate.shape)

export const DEFAULT_GATE_TIMEOUT_SECONDS = 600

/** The content of a `gates.json`. */
export const Gates = z
  .array(Gate)
  .max(32)
  .refine((gates) => new Set(gates.map((gate) => gate.name)).size === gates.length, 'gate names must differ')
export type Gates = z.infer<typeof Gates>
