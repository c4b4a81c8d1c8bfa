import type { AgentOrder } from '@orchestrator/shared/contracts'
import { assertNever, type Clock } from '@orchestrator/shared/core'
import type { RunnerEnvironment } from '../config.ts'
import type { Redaction } from '../lines/redaction.ts'
import type { AgentAdapter, Executor, LineLog } from '../ports.ts'
import { createClaude } from './claude/index.ts'
import { createCodex } from './codex.ts'
import { createCommandAgent } from './command.ts'
import type { Dialect } from './dialect.ts'
import { createProgramAgent } from './program.ts'

export interface AgentDependencies {
  readonly order: AgentOrder
  readonly executor: Executor
  readonly log: LineLog
  readonly clock: Clock
  readonly environment: RunnerEnvironment
  readonly redaction: Redaction
}

/** The adapter that the order names. */
export function createAgent({ order, ...dependencies }: AgentDependencies): AgentAdapter {
  if (order.adapter === 'command') return createCommandAgent({ ...dependencies, order })
  return createProgramAgent({ ...dependencies, order, dialect: dialectOf({ ...dependencies, order }) })
}

type ProgramOrder = Exclude<AgentOrder, { adapter: 'command' }>

/** A new kind of program is one file and one case here. */
function dialectOf(dependencies: AgentDependencies & { readonly order: ProgramOrder }): Dialect {
  const { adapter } = dependencies.order
  switch (adapter) {
    case 'claude':
      return createClaude(dependencies)
    case 'codex':
      return createCodex(dependencies)
    default:
      return assertNever(adapter, 'adapter')
  }
}
