/** Claude Code 2.1, headless: `stream-json` both ways, our settings and nobody else's. */
import { randomUUID } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { AgentRun } from '../../ports.ts'
import { TOOL_SERVERS_FILE } from '../../tools/complete-text.ts'
import { readCredentials } from '../credentials.ts'
import type { Conversation, Dialect, DialectDependencies, Preparation } from '../dialect.ts'
import { composeInstructions } from '../instructions.ts'
import { type EarlierSession, findEarlierSession } from '../transcripts.ts'
import { createOpening, type Expectations, request, userMessage } from './opening.ts'
import { createReader } from './reader.ts'
import { keepTranscript, makeConfigDirectory } from './session-files.ts'

const ToolServers = z.object({ mcpServers: z.record(z.string(), z.unknown()).default({}) })

/** What is offered at all. Others (schedules, work trees, messages to other sessions) lead out of the attempt. */
const TOOLS = 'Bash,Edit,Glob,Grep,Monitor,NotebookEdit,Read,Skill,Task,TaskStop,TodoWrite,ToolSearch,Write'
const HOOKS_MAIN = join(import.meta.dirname, '../../hooks/main.ts')

export function createClaude({ order, environment, redaction }: DialectDependencies): Dialect {
  return {
    preflight: async () => void (await readCredentials(order.credentialFiles)),
    prepare: async (run) => {
      const directory = join(environment.HOME, '.claude-attempt')
      const earlier = await findEarlierSession(run, 'claude')
      await makeConfigDirectory(directory, earlier)
      const instructions = join(run.attemptDirectory, 'instructions.md')
      await writeFile(instructions, await composeInstructions(run))
      const sessionId = earlier?.sessionId ?? randomUUID()
      return {
        args: argumentsOf({ run, sessionId, earlier, instructions }),
        environment: { ...(await environmentOf(order)), ...ownEnvironment(directory, run) },
        conversation: converse(run.prompt, { servers: await readServerNames(run), tools: run.tools }),
        [Symbol.asyncDispose]: async () => {
          const { attemptDirectory } = run
          await keepTranscript({ directory, sessionId, attemptDirectory, redaction })
          await makeConfigDirectory(directory, undefined)
        },
      } satisfies Preparation
    },
  }
}

interface Arguments {
  readonly run: AgentRun
  readonly sessionId: string
  readonly earlier: EarlierSession | undefined
  readonly instructions: string
}

function argumentsOf({ run, sessionId, earlier, instructions }: Arguments): readonly string[] {
  const { spec, workspaceDirectory } = run.attempt
  const { usd, turns } = spec.limits
  const fixed =
    '-p --input-format stream-json --output-format stream-json --verbose --include-hook-events --forward-subagent-text'
  return [
    ...fixed.split(' '),
    '--model',
    spec.model,
    '--tools',
    TOOLS,
    '--permission-mode',
    'dontAsk',
    // Nothing of the repository's own settings, hooks and tool servers runs.
    '--setting-sources',
    'user',
    '--settings',
    join(workspaceDirectory, '.claude/settings.local.json'),
    '--strict-mcp-config',
    '--mcp-config',
    join(workspaceDirectory, TOOL_SERVERS_FILE),
    // Otherwise a resumed session would go on with the system prompt of the attempt before.
    '--system-prompt-snapshot',
    'off',
    '--append-system-prompt-file',
    instructions,
    ...(earlier === undefined ? ['--session-id', sessionId] : ['--resume', sessionId]),
    ...(usd === null ? [] : ['--max-budget-usd', String(usd)]),
    ...(turns === null ? [] : ['--max-turns', String(turns)]),
  ]
}

async function readServerNames({ attempt }: AgentRun): Promise<readonly string[]> {
  const text = await readFile(join(attempt.workspaceDirectory, TOOL_SERVERS_FILE), 'utf8')
  return Object.keys(ToolServers.parse(JSON.parse(text)).mcpServers)
}

async function environmentOf(order: DialectDependencies['order']): Promise<Record<string, string>> {
  const { credentialFiles, loginDirectory } = order
  return {
    ...(await readCredentials(credentialFiles)),
    // Used in its place, not copied: a login that is renewed in a copy would be lost to its owner.
    ...(loginDirectory !== undefined && { CLAUDE_SECURESTORAGE_CONFIG_DIR: loginDirectory }),
  }
}

function ownEnvironment(directory: string, { attempt, attemptDirectory }: AgentRun): Record<string, string> {
  return {
    CLAUDE_CONFIG_DIR: directory,
    CLAUDE_CODE_TMPDIR: directory,
    CLAUDE_CODE_MAX_RETRIES: attempt.agent.environment['CLAUDE_CODE_MAX_RETRIES'] ?? '4',
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    CLAUDE_CODE_DISABLE_AUTO_MEMORY: '1',
    CLAUDE_CODE_DISABLE_TERMINAL_TITLE: '1',
    CLAUDE_CODE_DISABLE_CRON: '1',
    DISABLE_AUTOUPDATER: '1',
    DISABLE_UPDATES: '1',
    // For the hooks.
    ORCHESTRATOR_NODE: process.execPath,
    ORCHESTRATOR_HOOKS: HOOKS_MAIN,
    ORCHESTRATOR_HOOK_STATE: join(directory, 'hook-state'),
    ORCHESTRATOR_ATTEMPT_DIRECTORY: attemptDirectory,
  }
}

function converse(prompt: string, expected: Expectations): Conversation {
  const opening = createOpening(prompt, expected)
  const reader = createReader(opening)
  return {
    opening: opening.text,
    isOpen: true,
    hear: (line) => reader.hear(line),
    interruption: request('interrupt', 'interrupt'),
    advise: (text) => userMessage(text, { priority: 'next' }),
  }
}
