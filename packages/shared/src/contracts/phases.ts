/**
 * The life of an attempt: `Submitted → Queued → Starting → Running → Succeeded | Failed | Stopped | TimedOut | Unknown`.
 * Moves go forward only and may skip; a terminal phase is never left. So the phase is a fold over facts that may come
 * late, twice and in any order.
 */
import { z } from 'zod'

export const LIVE_PHASES = ['Submitted', 'Queued', 'Starting', 'Running'] as const
export const TERMINAL_PHASES = ['Succeeded', 'Failed', 'Stopped', 'TimedOut', 'Unknown'] as const

export const LivePhase = z.enum(LIVE_PHASES)
export type LivePhase = z.infer<typeof LivePhase>
/** `Unknown`: it may have acted and we cannot tell; never run again by a machine. */
export const TerminalPhase = z.enum(TERMINAL_PHASES)
export type TerminalPhase = z.infer<typeof TerminalPhase>
export const Phase = z.enum([...LIVE_PHASES, ...TERMINAL_PHASES])
export type Phase = z.infer<typeof Phase>

export function isTerminal(phase: Phase): phase is TerminalPhase {
  return (TERMINAL_PHASES as readonly Phase[]).includes(phase)
}

const rank = (phase: Phase): number => (isTerminal(phase) ? LIVE_PHASES.length : LIVE_PHASES.indexOf(phase))

export function isLegalMove(from: Phase, to: Phase): boolean {
  return !isTerminal(from) && rank(to) > rank(from)
}

/** The phase after hearing of `to`: illegal moves change nothing. */
export function advance(from: Phase, to: Phase): Phase {
  return isLegalMove(from, to) ? to : from
}

/** What the runner is doing within `Running`, in order. */
export const STEPS = [
  'claim',
  'preflight',
  'documents',
  'workspace',
  'implementing',
  'testing',
  'committing',
  'gates',
  'result',
] as const
export const Step = z.enum(STEPS)
export type Step = z.infer<typeof Step>
