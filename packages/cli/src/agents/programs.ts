/** Programs of agents that can be installed for this machine: at the version that the adapter was tested with. */
import { join } from 'node:path'
import type { AgentSettings } from '@orchestrator/shared/contracts'

export type AgentProgramName = Exclude<AgentSettings['adapter'], 'command'>

export interface AgentProgramFacts {
  readonly title: string
  readonly package: string
  readonly version: string
  readonly size: string
  readonly licence: string
  /** Where npm leaves the program for this kind of machine: a pattern below `node_modules`. */
  readonly binary: string
  /** Where a person's login lies, below their home. */
  readonly loginFile: string
}

export const AGENT_PROGRAMS: Readonly<Record<AgentProgramName, AgentProgramFacts>> = {
  claude: {
    title: 'Claude Code',
    package: '@anthropic-ai/claude-code',
    version: '2.1.330',
    size: '381 MB',
    licence:
      '© Anthropic PBC, all rights reserved; its use is subject to https://code.claude.com/docs/en/legal-and-compliance',
    binary: '@anthropic-ai/claude-code-*/claude',
    loginFile: '.claude/.credentials.json',
  },
  codex: {
    title: 'Codex',
    package: '@openai/codex',
    version: '0.169.0',
    size: '404 MB',
    licence: 'Apache-2.0; the use of the service behind it is subject to https://openai.com/policies',
    binary: '@openai/codex-*/vendor/*/bin/codex',
    loginFile: '.codex/auth.json',
  },
}

export const AGENT_PROGRAM_NAMES = ['claude', 'codex'] as const satisfies readonly AgentProgramName[]

/** Where programs of agents are kept that the command line installed. */
export function toolsOf(stateDirectory: string): string {
  return join(stateDirectory, 'tools')
}
