import { randomUUID } from 'node:crypto'
import { MARKER_VARIABLE } from '@orchestrator/shared/contracts'
import { systemClock } from '@orchestrator/shared/core'
import { createProcessTable } from '@orchestrator/shared/process'
import { type Scenario, scriptedAgentCommand, temporaryDirectory } from '@orchestrator/testing'
import { afterEach, describe, expect, it } from 'vitest'
import type { Execution } from '../ports.ts'
import { createChildProcessExecutor } from './child-process.ts'
import { endedOrInterrupted, gentleInterruption } from './interrupt.ts'
import { endStrays } from './strays.ts'

const table = createProcessTable()
const submittedId = randomUUID()
const executor = createChildProcessExecutor({
  clock: systemClock,
  endStrays: async () => endStrays({ table, submittedId, ownPid: process.pid, clock: systemClock }),
})
afterEach(() => executor.killAll())

interface Started {
  readonly execution: Execution
  readonly lines: string[]
  readonly cuts: number[]
}

async function start(argv: readonly string[], cwd: string, input?: string): Promise<Started> {
  const lines: string[] = []
  const cuts: number[] = []
  const execution = await executor.start({
    argv,
    cwd,
    environment: { PATH: process.env['PATH'] ?? '', [MARKER_VARIABLE]: submittedId },
    ...(input === undefined ? {} : { input }),
    onOutput: (_, line, cutBytes) => {
      lines.push(line)
      cuts.push(cutBytes)
    },
  })
  return { execution, lines, cuts }
}

async function play(scenario: Scenario, cwd: string): Promise<Started> {
  return start(scriptedAgentCommand(scenario), cwd)
}

describe('the child process executor', () => {
  it('gives output, exit code and duration, and nothing of its own environment', async () => {
    await using directory = await temporaryDirectory()
    const { execution, lines } = await start(['env'], directory.path)
    expect(await execution.ended).toMatchObject({ exitCode: 0, signal: null, durationMs: expect.any(Number) })
    expect(lines.toSorted()).toEqual([`${MARKER_VARIABLE}=${submittedId}`, `PATH=${process.env['PATH']}`])
  })

  it('passes arguments and input as they are, whatever a shell would make of them', async () => {
    await using directory = await temporaryDirectory()
    const words = ['$(id)', '`id`', '; id', '"', "'", '{{x}}', '*']
    const { execution, lines } = await start(['printf', '%s\\n', ...words], directory.path)
    await execution.ended
    expect(lines).toEqual(words)
    const cat = await start(['cat'], directory.path, '$(id)\n{{x}}\n')
    await cat.execution.ended
    expect(cat.lines).toEqual(['$(id)', '{{x}}'])
  })

  it('bears a program that does not read its input', async () => {
    await using directory = await temporaryDirectory()
    const { execution } = await start(['true'], directory.path, 'x'.repeat(1_000_000))
    expect(await execution.ended).toMatchObject({ exitCode: 0 })
  })

  it('says that a program cannot be started', async () => {
    await using directory = await temporaryDirectory()
    await expect(start(['no-such-program-here'], directory.path)).rejects.toMatchObject({
      code: 'TOOLS_UNAVAILABLE',
    })
    await expect(start(['true'], `${directory.path}/missing`)).rejects.toMatchObject({
      code: 'TOOLS_UNAVAILABLE',
    })
  })

  it('keeps the beginning of ten megabytes without a newline, and counts the rest', async () => {
    await using directory = await temporaryDirectory()
    const { execution, lines, cuts } = await play(
      [{ do: 'flood', lines: 160, lineBytes: 65_536, newlines: false }],
      directory.path,
    )
    await execution.ended
    expect(lines).toEqual(['x'.repeat(65_536)])
    expect(cuts).toEqual([159 * 65_536])
  })

  it('ends although a grandchild holds the output, and leaves no process behind', async () => {
    await using directory = await temporaryDirectory()
    const { execution, lines } = await play(
      [
        { do: 'leave', seconds: 300, holdsOutput: true },
        { do: 'leave', seconds: 300, holdsOutput: true, ownSession: true },
        { do: 'print', text: 'last' },
      ],
      directory.path,
    )
    expect(await execution.ended).toMatchObject({ exitCode: 0 })
    expect(lines).toEqual(['last'])
    expect(table.withVariable(MARKER_VARIABLE, submittedId)).toEqual([])
  })

  it('kills the whole group', async () => {
    await using directory = await temporaryDirectory()
    const { execution, lines } = await play(
      [{ do: 'leave', seconds: 300 }, { do: 'print', text: 'ready' }, { do: 'hang' }],
      directory.path,
    )
    await expect.poll(() => lines).toEqual(['ready'])
    execution.kill('SIGKILL')
    expect(await execution.ended).toMatchObject({ exitCode: null, signal: 'SIGKILL' })
    expect(table.withVariable(MARKER_VARIABLE, submittedId)).toEqual([])
  })

  it('asks, urges, then kills whoever ignores both', async () => {
    await using directory = await temporaryDirectory()
    const { execution, lines } = await play(
      [{ do: 'ignore', signals: ['SIGINT', 'SIGTERM'] }, { do: 'print', text: 'ready' }, { do: 'hang' }],
      directory.path,
    )
    await expect.poll(() => lines).toEqual(['ready'])
    const end = await endedOrInterrupted({
      execution,
      interruption: () => gentleInterruption(800),
      signal: AbortSignal.abort(),
      clock: systemClock,
    })
    expect(end).toMatchObject({ exitCode: null, signal: 'SIGKILL' })
  })

  it('leaves an obedient program with its own exit code', async () => {
    await using directory = await temporaryDirectory()
    const { execution, lines } = await start(
      ['sh', '-c', 'trap "exit 7" INT; echo ready; while :; do sleep 0.05; done'],
      directory.path,
    )
    await expect.poll(() => lines).toEqual(['ready'])
    const end = await endedOrInterrupted({
      execution,
      interruption: () => gentleInterruption(8000),
      signal: AbortSignal.abort(),
      clock: systemClock,
    })
    expect(end).toMatchObject({ exitCode: 7, signal: null })
  })
})
