import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import {
  DEFAULT_GATE_TIMEOUT_SECONDS,
  type Gate,
  type GateResult,
  type Gates,
  MARKER_VARIABLE,
} from '@orchestrator/shared/contracts'
import { type Clock, describeError, hasCode } from '@orchestrator/shared/core'
import { BRISK_INTERRUPTION, endedOrInterrupted } from '../executor/interrupt.ts'
import type { ExecutionEnd } from '../ports.ts'
import type { Run } from '../run.ts'
import { openGateLog } from './gate-log.ts'

export interface GatesOrder {
  readonly gates: Gates
  readonly sha: string
  /** Filled one by one, so that what was found counts even when a stop ends the rest. */
  readonly results: GateResult[]
}

/** Runs every gate on its own clean checkout of the pushed commit, also after one failed: a person wants to know all. */
export async function runGates(run: Run, { gates, sha, results }: GatesOrder): Promise<void> {
  if (gates.length === 0) return
  await run.steps.run('gates', async () => {
    await mkdir(join(run.tenancy.attemptDirectory, 'gates'), { recursive: true })
    for (const [index, gate] of gates.entries()) {
      run.ending.signal.throwIfAborted()
      run.log.write({ kind: 'step', step: 'gates', message: `${index + 1} of ${gates.length}: ${gate.name}` })
      results.push(await runGate(run, gate, sha))
    }
  })
}

async function runGate(run: Run, gate: Gate, sha: string): Promise<GateResult> {
  await using checkout = await run.workspace.checkout(sha)
  const logFile = join('gates', `${gate.name}.log`)
  using log = openGateLog(join(run.tenancy.attemptDirectory, logFile), run.redaction)
  const directory = join(checkout.directory, run.attempt.spec.workingDirectory)
  // The agent's working directory was made where the repository had none; an empty one is in no commit.
  await mkdir(directory, { recursive: true })
  const { end, timedOut } = await execute({ run, gate, directory, onOutput: log.write })
  run.ending.signal.throwIfAborted()
  const { name, command } = gate
  const { exitCode, durationMs } = end
  const verdict = { name, passed: exitCode === 0 && !timedOut, exitCode, timedOut, durationMs }
  run.log.write({ kind: 'gate', ...verdict })
  return { ...verdict, command, tail: log.tail(), logFile }
}

interface GateExecution {
  readonly run: Run
  readonly gate: Gate
  readonly directory: string
  readonly onOutput: (stream: 'stdout' | 'stderr', line: string, cutBytes: number) => void
}

async function execute({
  run,
  gate,
  directory,
  onOutput,
}: GateExecution): Promise<{ end: ExecutionEnd; timedOut: boolean }> {
  const { executor, clock, ending, environment, attempt } = run
  await using timer = startTimer(clock, (gate.timeoutSeconds ?? DEFAULT_GATE_TIMEOUT_SECONDS) * 1000)
  try {
    // No credential and nothing of the agent's own settings.
    const gateEnvironment = { ...environment, CI: 'true', [MARKER_VARIABLE]: attempt.submittedId }
    const execution = await executor.start({
      argv: gate.command,
      cwd: directory,
      environment: gateEnvironment,
      onOutput,
    })
    const signal = AbortSignal.any([ending.signal, timer.signal])
    const end = await endedOrInterrupted({ execution, interruption: () => BRISK_INTERRUPTION, signal, clock })
    return { end, timedOut: timer.signal.aborted }
  } catch (error) {
    if (!hasCode(error, 'TOOLS_UNAVAILABLE')) throw error
    onOutput('stderr', describeError(error), 0)
    return { end: { exitCode: null, signal: null, durationMs: 0 }, timedOut: false }
  }
}

function startTimer(clock: Clock, ms: number): AsyncDisposable & { readonly signal: AbortSignal } {
  const expired = new AbortController()
  const over = new AbortController()
  const waiting = clock.sleep(ms, over.signal).then(
    () => expired.abort(),
    () => undefined,
  )
  return {
    signal: expired.signal,
    [Symbol.asyncDispose]: async () => {
      over.abort()
      await waiting
    },
  }
}
