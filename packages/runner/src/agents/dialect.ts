/** The seam for agents that are programs with an output of their own: all that differs between them. */
import type { AgentOrder } from '@orchestrator/shared/contracts'
import type { RunnerEnvironment } from '../config.ts'
import type { Redaction } from '../lines/redaction.ts'
import type { AgentRun } from '../ports.ts'
import type { AgentFact } from './facts.ts'

/** What a dialect is made from. */
export interface DialectDependencies {
  readonly order: Exclude<AgentOrder, { adapter: 'command' }>
  readonly environment: RunnerEnvironment
  readonly redaction: Redaction
}

export interface Dialect {
  /** What is checked before a token is spent, beside that the program is there. @throws TerminalError */
  preflight(): Promise<void>
  /** Files and arguments for one run. */
  prepare(run: AgentRun): Promise<Preparation>
}

export interface Preparation extends AsyncDisposable {
  /** After the program's own name. Never a secret, never a text of a person: those go by file, variable or input. */
  readonly args: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  readonly conversation: Conversation
}

/** One run's talk with the program: a state machine without input or output of its own. */
export interface Conversation {
  /** What is said first. */
  readonly opening: string
  /** Standard input stays open for more. */
  readonly isOpen: boolean
  /** One line of its standard output. */
  hear(line: string): Heard
  /** Words that ask it to stop what it is doing; left out: a signal has to do. */
  readonly interruption?: string
  /** Words for the agent while it works; left out: it cannot be spoken to. */
  readonly advise?: (text: string) => string
}

export interface Heard {
  readonly facts: readonly AgentFact[]
  /** What to say to it now, or after a while. */
  readonly replies: readonly { readonly text: string; readonly afterMs?: number }[]
}
