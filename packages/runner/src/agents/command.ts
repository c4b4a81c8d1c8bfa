/**
 * The agent is any program. It is started in its working directory with the prompt on standard input and these
 * variables; nothing else of the machine's environment reaches it:
 *
 *     PATH HOME LANG                   the runner's own; HOME is the attempt's, not a person's
 *     ORCHESTRATOR_PROMPT_FILE         the same prompt as a file
 *     ORCHESTRATOR_TASK_DOCS           the folder with the task's documents
 *     ORCHESTRATOR_WORKSPACE           the workspace: memory, guidelines, history, tool servers (`.mcp.json`)
 *     ORCHESTRATOR_MODEL               the model that was asked for
 *     ORCHESTRATOR_ATTEMPT             the mark by which its processes are found; keep it
 *     ORCHESTRATOR_SERVICE             the service, and
 *     ORCHESTRATOR_TAG                 the task list, and
 *     ORCHESTRATOR_TASK_ID             the id of the task
 *     ORCHESTRATOR_ATTEMPT_NUMBER      1 for the first attempt of the task
 *     GIT_AUTHOR_*, GIT_COMMITTER_*    the account that commits
 *     and those of the agent's own settings, from `environment` and from the files of `credentials`
 *
 * Exit code 0 means that it is done; what it did decides the verdict. Whatever it prints is kept, and every line is a
 * sign of life; it may report progress by hints (`hints.ts`). To end it, SIGINT goes to its process group, then
 * SIGTERM, then SIGKILL.
 */
import type { AgentOrder, RunnerLineBody } from '@orchestrator/shared/contracts'
import { type Clock, cutToBytes } from '@orchestrator/shared/core'
import type { RunnerEnvironment } from '../config.ts'
import { endedOrInterrupted, gentleInterruption } from '../executor/interrupt.ts'
import type { AgentAdapter, Executor, LineLog } from '../ports.ts'
import { agentEnvironment } from './agent-environment.ts'
import { readCredentials } from './credentials.ts'
import { findProgram } from './find-program.ts'
import { createHintReader } from './hints.ts'

export interface CommandAgentDependencies {
  readonly order: Extract<AgentOrder, { adapter: 'command' }>
  readonly executor: Executor
  readonly log: LineLog
  readonly clock: Clock
  readonly environment: RunnerEnvironment
}

const LAST_TEXT_MAX_BYTES = 4096

export function createCommandAgent(dependencies: CommandAgentDependencies): AgentAdapter {
  const { order, environment } = dependencies
  const locate = async (): Promise<string> =>
    findProgram(order.command[0] ?? '', order.environment['PATH'] ?? environment.PATH)
  return {
    preflight: async () => {
      await locate()
      await readCredentials(order.credentialFiles ?? {})
    },
    run: async (run) => {
      const listener = createListener(dependencies.log, run.onActivity)
      const own = { ...order.environment, ...(await readCredentials(order.credentialFiles ?? {})) }
      const execution = await dependencies.executor.start({
        argv: [await locate(), ...order.command.slice(1)],
        cwd: run.workingDirectory,
        environment: agentEnvironment(environment, run, own),
        input: run.prompt,
        onOutput: (stream, line, cutBytes) => listener.hear(stream, line, cutBytes),
      })
      const end = await endedOrInterrupted({
        execution,
        interruption: () => gentleInterruption(run.attempt.stopGraceMs),
        signal: run.signal,
        clock: dependencies.clock,
      })
      const lastText = listener.lastText()
      return { ...end, ...(lastText === undefined ? {} : { lastText }) }
    },
  }
}

interface Listener {
  hear(stream: 'stdout' | 'stderr', line: string, cutBytes: number): void
  /** The last words it meant to be read, else the last line of its output. */
  lastText(): string | undefined
}

function createListener(log: LineLog, onActivity: () => void): Listener {
  const hints = createHintReader()
  let said: string | undefined
  let printed: string | undefined
  return {
    hear: (stream, line, cutBytes) => {
      onActivity()
      const hint = stream === 'stdout' && cutBytes === 0 ? hints.read(line) : undefined
      if (hint?.kind === 'text') said = cutToBytes(hint.text, LAST_TEXT_MAX_BYTES)
      if (hint === undefined && stream === 'stdout' && line.trim() !== '')
        printed = cutToBytes(line, LAST_TEXT_MAX_BYTES)
      log.write(hint ?? outputBody(stream, line, cutBytes))
    },
    lastText: () => said ?? printed,
  }
}

function outputBody(stream: 'stdout' | 'stderr', text: string, cutBytes: number): RunnerLineBody {
  return { kind: 'output', stream, text, ...(cutBytes > 0 ? { cut: cutBytes } : {}) }
}
