import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type AttemptFile, type AttemptSpec, MARKER_VARIABLE } from '@orchestrator/shared/contracts'
import { systemClock } from '@orchestrator/shared/core'
import { createProcessTable } from '@orchestrator/shared/process'
import type { Runtime, WorkloadRef } from '../runtimes/port.ts'
import { createProcessRuntime, type ProcessRuntimeOptions } from '../runtimes/process/process-runtime.ts'
import { specOf } from './builders.ts'

export const processTable = createProcessTable()
export const STUB_RUNNER = fileURLToPath(new URL('stub-runner.ts', import.meta.url))

export const TEST_PATH = '/usr/local/bin:/usr/bin:/bin'

/** The process runtime with the stub as its runner. */
export function createTestRuntime(stateDirectory: string, changes: Partial<ProcessRuntimeOptions> = {}): Runtime {
  return createProcessRuntime({
    stateDirectory,
    machineId: 'this-machine',
    processTable,
    runnerMain: STUB_RUNNER,
    environment: { PATH: TEST_PATH, LANG: 'C.UTF-8' },
    launchTimeoutMs: 20_000,
    stopGraces: { askMs: 10_000, termMs: 10_000 },
    clock: systemClock,
    ...changes,
  })
}

export interface OrderInput {
  readonly stateDirectory: string
  /** How the stub behaves: see `stub-runner.ts`. */
  readonly behaviour: 'obey' | 'stubborn' | 'leave' | 'quit' | 'crash' | 'silent'
  readonly spec?: AttemptSpec
  readonly changes?: Partial<AttemptFile>
}

let orders = 0

/** An order with a marker of its own, so that tests never see each other's processes. */
export function orderOf({ stateDirectory, behaviour, spec = specOf(), changes = {} }: OrderInput): AttemptFile {
  orders += 1
  return {
    v: 1,
    submittedId: `test-${process.pid}-${Date.now()}-${orders}`,
    spec,
    epoch: { generation: 1, sequence: 1 },
    workspaceDirectory: join(stateDirectory, 'workspaces', spec.workspace),
    agent: { adapter: 'command', command: [behaviour], environment: {} },
    files: [],
    promptFile: 'prompt.md',
    earlier: [],
    credentials: { gitEnvironment: {}, secretFiles: [] },
    stopGraceMs: 1000,
    holdLimitMs: 60_000,
    ...changes,
  }
}

export function refOf({ submittedId, spec, epoch }: AttemptFile): WorkloadRef {
  return { name: spec.name, submittedId, generation: epoch.generation }
}

export function pidsOf({ submittedId }: Pick<AttemptFile, 'submittedId'>): readonly number[] {
  return processTable.withVariable(MARKER_VARIABLE, submittedId)
}
