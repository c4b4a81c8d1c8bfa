/** From the command line to the exit code. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { ATTEMPT_FILE, AttemptFile, type RunnerLineBody } from '@orchestrator/shared/contracts'
import { type Clock, describeError, systemClock, TerminalError } from '@orchestrator/shared/core'
import { createProcessTable, formatWorkloadUid, type ProcessIdentity } from '@orchestrator/shared/process'
import { readConfig, type RunnerConfig } from './config.ts'
import { createEnding, type Ending } from './control/ending.ts'
import { holdUntilGo } from './control/hold.ts'
import { readJson } from './control/read-json.ts'
import { createObservations } from './evidence/observations.ts'
import { runLetGo } from './let-go.ts'
import { createFileSink } from './lines/line-file.ts'
import { createLineLog } from './lines/line-log.ts'
import { createRedaction } from './lines/redaction.ts'
import { readSecretFiles, secretVariables } from './lines/secrets.ts'
import { remoteSecretFiles } from './remotes.ts'
import type { Claimant } from './run.ts'
import { createStepRecorder } from './steps/step-recorder.ts'

export interface RunnerStart {
  readonly argv: readonly string[]
  readonly environment: Readonly<Record<string, string | undefined>>
}

/** What goes wrong here leaves no result: standard error and the exit code tell it. */
export async function startRunner(start: RunnerStart): Promise<number> {
  try {
    return await run(readConfig(start.argv, start.environment))
  } catch (error) {
    process.stderr.write(`the runner cannot go on: ${describeError(error)}\n`)
    return 1
  }
}

async function run(config: RunnerConfig): Promise<number> {
  const attempt = await readJson(join(config.launchFolder, ATTEMPT_FILE), AttemptFile)
  const table = createProcessTable()
  const identity = table.identify(process.pid)
  if (identity === undefined) throw new TerminalError('RUNTIME_UNAVAILABLE', 'this process is not in /proc')
  const ending = createEnding()
  obeySignals(ending)
  const { launchFolder, spawn } = config
  const hold = { launchFolder, spawn, attempt, identity, clock: systemClock, signal: ending.signal }
  // What can be read while waiting is read then: after `go` every millisecond counts.
  const [claimant, isLetGo] = await Promise.all([
    createClaimant({ config, attempt, identity, ending, clock: systemClock }),
    holdUntilGo(hold),
  ])
  return isLetGo ? runLetGo({ claimant, table }) : 0
}

function obeySignals(ending: Ending): void {
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.on(signal, () => ending.end({ kind: 'stop', requestedBy: `the runtime (${signal})` }))
}

interface ClaimantParts {
  readonly config: RunnerConfig
  readonly attempt: AttemptFile
  readonly identity: ProcessIdentity
  readonly ending: Ending
  readonly clock: Clock
}

/** Bytes of an agent's plain output kept in the log. */
const OUTPUT_MAX_BYTES = 64 * 1024 * 1024
const STANDARD_OUTPUT = 1

async function createClaimant({ config, attempt, identity, ending, clock }: ClaimantParts): Promise<Claimant> {
  await mkdir(config.environment.HOME, { recursive: true })
  const { credentials, agent } = attempt
  const given = [...secretVariables(agent.environment), ...secretVariables(credentials.gitEnvironment)]
  const secrets = [...(await readSecretFiles([...credentials.secretFiles, ...remoteSecretFiles(attempt)])), ...given]
  const redaction = createRedaction(secrets)
  const observations = createObservations()
  const listeners = new Set<(body: RunnerLineBody) => void>()
  const onLine = (body: RunnerLineBody): void => {
    observations.see(body)
    for (const listener of listeners) listener(body)
  }
  const log = createLineLog({
    sink: createFileSink(STANDARD_OUTPUT),
    redaction,
    clock,
    onLine,
    outputMaxBytes: OUTPUT_MAX_BYTES,
  })
  const steps = createStepRecorder(log, clock)
  const workloadUid = formatWorkloadUid(identity)
  return {
    ...config,
    attempt,
    workloadUid,
    redaction,
    secrets,
    log,
    observations,
    listeners,
    steps,
    ending,
    clock,
  }
}
