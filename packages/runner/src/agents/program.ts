/** Drives an agent that is a program with an output of its own, whatever its dialect. */
import type { AgentOrder } from '@orchestrator/shared/contracts'
import { type Clock, isAbort } from '@orchestrator/shared/core'
import type { RunnerEnvironment } from '../config.ts'
import { BRISK_INTERRUPTION, endedOrInterrupted, gentleInterruption } from '../executor/interrupt.ts'
import type {
  AgentAdapter,
  AgentEnd,
  AgentFailure,
  AgentRun,
  Execution,
  ExecutionEnd,
  Executor,
  LineLog,
} from '../ports.ts'
import { agentEnvironment } from './agent-environment.ts'
import type { Conversation, Dialect, Heard } from './dialect.ts'
import type { AgentFact } from './facts.ts'
import { findProgram } from './find-program.ts'
import { createTeller, type Teller } from './teller.ts'

export interface ProgramDependencies {
  readonly order: Exclude<AgentOrder, { adapter: 'command' }>
  readonly dialect: Dialect
  readonly executor: Executor
  readonly log: LineLog
  readonly clock: Clock
  readonly environment: RunnerEnvironment
}

/** Who said that it is done has so long, from its last line on, to end by itself. */
const GRACE_AFTER_RESULT_MS = 3000
const RETRY_ADVICE = 'Stop and think: what do you know, what else could be the cause? Do something different.'

export function createProgramAgent(dependencies: ProgramDependencies): AgentAdapter {
  const { order, environment, dialect } = dependencies
  const locate = async (): Promise<string> => findProgram(order.program, order.environment['PATH'] ?? environment.PATH)
  return {
    preflight: async () => {
      await locate()
      await dialect.preflight()
    },
    run: async (run) => {
      const program = await locate()
      await using preparation = await dialect.prepare(run)
      const { args, conversation } = preparation
      const session = createSession(dependencies, run, conversation)
      const execution = await dependencies.executor.start({
        argv: [program, ...args],
        cwd: run.workingDirectory,
        environment: agentEnvironment(environment, run, { ...order.environment, ...preparation.environment }),
        input: conversation.opening,
        isConversation: conversation.isOpen,
        onOutput: session.onOutput,
      })
      return await session.toItsEnd(execution)
    },
  }
}

interface Session {
  readonly onOutput: (stream: 'stdout' | 'stderr', line: string, cutBytes: number) => void
  toItsEnd(execution: Execution): Promise<AgentEnd>
}

interface Told {
  sessionId?: string
  finished?: Extract<AgentFact, { kind: 'finished' }>
  failure?: AgentFailure
  lastError?: string
}

function createSession({ log, clock }: ProgramDependencies, run: AgentRun, conversation: Conversation): Session {
  const teller = createTeller({ log, clock })
  const told: Told = {}
  /** Aborts when it is to be ended at once. */
  const done = new AbortController()
  const over = new AbortController()
  const started = Promise.withResolvers<Execution>()
  let lastLineMs = clock.monotonicMs()

  const say = (text: string, afterMs = 0): void => {
    const later = async (): Promise<void> => {
      const execution = await started.promise
      if (afterMs > 0) await clock.sleep(afterMs, over.signal)
      execution.write(text)
    }
    later().catch((error: unknown) => {
      if (!isAbort(error, over.signal)) throw error
    })
  }
  const act = (fact: AgentFact): void => {
    if (fact.kind === 'session') told.sessionId = fact.sessionId
    if (fact.kind === 'finished') told.finished = fact
    if (fact.kind === 'turn') delete told.finished
    if (fact.kind === 'fatal') {
      told.failure ??= fact.failure
      done.abort()
    }
    const circle = teller.tell(fact)
    if (circle === undefined) return
    log.write({ kind: 'note', level: 'warning', text: `the agent repeats itself: ${circle.what}` })
    if (circle.level === 'end') run.onStuck(circle.what)
    else if (conversation.advise !== undefined)
      say(conversation.advise(`You repeat yourself: ${circle.what}. ${RETRY_ADVICE}`))
  }
  const watchAfterResult = async (execution: Execution): Promise<void> => {
    for (;;) {
      await clock.sleep(200, over.signal)
      if (told.finished === undefined) continue
      execution.closeInput()
      if (clock.monotonicMs() - lastLineMs > GRACE_AFTER_RESULT_MS) return done.abort()
    }
  }
  return {
    onOutput: (stream, line, cutBytes) => {
      run.onActivity()
      lastLineMs = clock.monotonicMs()
      if (stream === 'stderr' || cutBytes > 0) {
        if (line.trim() !== '') told.lastError = line.trim()
        log.write({ kind: 'output', stream, text: line, ...(cutBytes > 0 ? { cut: cutBytes } : {}) })
        return
      }
      const heard: Heard = conversation.hear(line)
      for (const fact of heard.facts) act(fact)
      for (const { text, afterMs } of heard.replies) say(text, afterMs)
    },
    toItsEnd: async (execution) => {
      started.resolve(execution)
      const watching = watchAfterResult(execution).catch((error: unknown) => {
        if (!isAbort(error, over.signal)) throw error
      })
      const end = await endedOrInterrupted({
        execution,
        interruption: () => (done.signal.aborted ? BRISK_INTERRUPTION : gently(run, conversation)),
        signal: AbortSignal.any([run.signal, done.signal]),
        clock,
      })
      over.abort()
      await watching
      teller.close()
      return toAgentEnd({ end, told, teller })
    },
  }
}

function gently({ attempt }: AgentRun, { interruption }: Conversation): ReturnType<typeof gentleInterruption> {
  return gentleInterruption(attempt.stopGraceMs, interruption === undefined ? undefined : { words: interruption })
}

interface Ended {
  readonly end: ExecutionEnd
  readonly told: Told
  readonly teller: Teller
}

function toAgentEnd({ end, told, teller }: Ended): AgentEnd {
  const failure =
    told.failure ?? told.finished?.failure ?? (told.finished === undefined ? unfinished(end, told) : undefined)
  const lastText = told.finished?.text ?? teller.lastText
  return {
    ...end,
    deniedTools: teller.deniedTools,
    ...(told.sessionId !== undefined && { sessionId: told.sessionId }),
    ...(lastText !== undefined && { lastText }),
    ...(failure === undefined ? { finished: true } : { failure }),
  }
}

function unfinished({ exitCode, signal }: ExecutionEnd, { lastError }: Told): AgentFailure {
  const how = signal === null ? `with exit code ${exitCode ?? '?'}` : `by ${signal}`
  const why = lastError === undefined ? '' : ` Its last words on standard error: ${lastError.slice(0, 300)}`
  return { reason: 'AgentError', message: `The agent ended ${how} before it said that it is done.${why}` }
}
