import { assertNever } from '@orchestrator/shared/core'
import type { AgentAdapter } from '../ports.ts'
import { type CommandAgentDependencies, createCommandAgent } from './command.ts'

/** The adapter that the order names. A new kind of agent is one file and one case here. */
export function createAgent(dependencies: CommandAgentDependencies): AgentAdapter {
  const { adapter } = dependencies.order
  switch (adapter) {
    case 'command':
      return createCommandAgent(dependencies)
    default:
      return assertNever(adapter, 'adapter')
  }
}
