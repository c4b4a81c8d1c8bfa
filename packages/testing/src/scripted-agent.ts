/**
 * An agent that follows a script instead of a model: a plain Node program for the `command` adapter.
 *
 *     node scripted-agent.ts <scenario file or JSON text>
 *
 * A scenario is a list of steps, or `{"attempts": [[…], […]]}` with a list for each attempt of the task; attempts
 * beyond the last list follow the last one. Without an `exit` step the agent ends with 0 after its last step.
 */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

export type ScriptedStep =
  /** Says something, as an agent would. */
  | { readonly do: 'say'; readonly text: string }
  /** A plain line of output. */
  | { readonly do: 'print'; readonly text: string; readonly stream?: 'stdout' | 'stderr' }
  /** Several pieces of output with a pause between, newlines as given: to split what belongs together. */
  | { readonly do: 'pieces'; readonly texts: readonly string[]; readonly pauseMs?: number }
  /** Writes a file; the path is relative to the working directory. */
  | { readonly do: 'write'; readonly path: string; readonly text: string }
  | { readonly do: 'delete'; readonly path: string }
  /** Runs a program; `test` reports it as a test, `required` ends the agent with its exit code when it fails. */
  | {
      readonly do: 'run'
      readonly command: readonly string[]
      readonly test?: boolean
      readonly required?: boolean
    }
  /** Commits everything. */
  | { readonly do: 'commit'; readonly message: string }
  /** Reports what it has used so far. */
  | {
      readonly do: 'use'
      readonly inputTokens?: number
      readonly outputTokens?: number
      readonly costUsd?: number
      readonly turns?: number
    }
  | { readonly do: 'sleep'; readonly ms: number }
  /** Goes on once the file is there. */
  | { readonly do: 'await'; readonly path: string }
  /** Does not obey these signals from now on. */
  | { readonly do: 'ignore'; readonly signals: readonly NodeJS.Signals[] }
  /** Does nothing until it is killed. */
  | { readonly do: 'hang' }
  /** Prints much: lines of `lineBytes` each, or one endless line. */
  | { readonly do: 'flood'; readonly lines: number; readonly lineBytes: number; readonly newlines?: boolean }
  /** Leaves a process behind that outlives it, in its own session or not, with the output held open or not. */
  | {
      readonly do: 'leave'
      readonly seconds: number
      readonly ownSession?: boolean
      readonly holdsOutput?: boolean
    }
  /** Writes the prompt, as it came on standard input, to a file. */
  | { readonly do: 'keepPrompt'; readonly path: string }
  /** Writes its environment as JSON to a file. */
  | { readonly do: 'keepEnvironment'; readonly path: string }
  | { readonly do: 'exit'; readonly code: number }

export type Scenario = readonly ScriptedStep[] | { readonly attempts: readonly (readonly ScriptedStep[])[] }

const SCRIPT = import.meta.filename

/** Program and arguments for an agent's settings. */
export function scriptedAgentCommand(scenario: Scenario): [string, ...string[]] {
  return [process.execPath, SCRIPT, JSON.stringify(scenario)]
}

function readScenario(given: string): Scenario {
  return JSON.parse(/^\s*[[{]/.test(given) ? given : readFileSync(given, 'utf8'))
}

function stepsFor(scenario: Scenario, attempt: number): readonly ScriptedStep[] {
  if (!('attempts' in scenario)) return scenario
  return scenario.attempts[attempt - 1] ?? scenario.attempts.at(-1) ?? []
}

async function follow(steps: readonly ScriptedStep[]): Promise<void> {
  for (const step of steps) await act(step)
}

async function act(step: ScriptedStep): Promise<void> {
  switch (step.do) {
    case 'say':
      return report({ orchestrator: 'text', text: step.text })
    case 'print':
      return put(step.stream ?? 'stdout', `${step.text}\n`)
    case 'pieces':
      return printPieces(step.texts, step.pauseMs ?? 20)
    case 'write':
      mkdirSync(dirname(step.path), { recursive: true })
      writeFileSync(step.path, step.text)
      return report({ orchestrator: 'tool', tool: 'Write', summary: step.path, ok: true })
    case 'delete':
      return rmSync(step.path, { force: true, recursive: true })
    case 'run':
      return runCommand(step.command, step)
    case 'commit':
      await runCommand(['git', 'add', '--all'], { required: true })
      return runCommand(['git', 'commit', '--quiet', '-m', step.message], { required: true })
    case 'use': {
      const { do: _, ...usage } = step
      return report({ orchestrator: 'usage', ...usage })
    }
    case 'sleep':
      return delay(step.ms)
    case 'await':
      while (!existsSync(step.path)) await delay(20)
      return
    case 'ignore':
      for (const signal of step.signals) process.on(signal, () => undefined)
      return
    case 'hang':
      return delay(24 * 3600 * 1000)
    case 'flood':
      return flood(step.lines, step.lineBytes, step.newlines ?? true)
    case 'leave':
      return leave(step)
    case 'keepPrompt':
      return writeFileSync(step.path, readFileSync(0, 'utf8'))
    case 'keepEnvironment':
      return writeFileSync(step.path, JSON.stringify(process.env))
    case 'exit':
      return process.exit(step.code)
    default:
      throw new Error(`the scenario has a step that is not known: ${JSON.stringify(step)}`)
  }
}

/** One line of progress, as any program may report it to the runner. */
function report(hint: Readonly<Record<string, unknown>>): Promise<void> {
  return put('stdout', `${JSON.stringify(hint)}\n`)
}

/** Resolves once the text is handed on, so that an exit right after it loses nothing. */
async function put(stream: 'stdout' | 'stderr', text: string): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  process[stream].write(text, () => resolve())
  return promise
}

async function printPieces(texts: readonly string[], pauseMs: number): Promise<void> {
  for (const text of texts) {
    await put('stdout', text)
    await delay(pauseMs)
  }
}

async function runCommand(
  [program = '', ...args]: readonly string[],
  { test = false, required = false }: { readonly test?: boolean; readonly required?: boolean },
): Promise<void> {
  const since = performance.now()
  const { status, stdout, stderr } = spawnSync(program, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  await put('stdout', stdout ?? '')
  await put('stderr', stderr ?? '')
  const summary = [program, ...args].join(' ')
  const durationMs = performance.now() - since
  await report({ orchestrator: 'tool', tool: 'Bash', summary, ok: status === 0, durationMs })
  if (test) await report({ orchestrator: 'test', command: summary, exitCode: status, durationMs })
  if (required && status !== 0) process.exit(status ?? 1)
}

async function flood(lines: number, lineBytes: number, newlines: boolean): Promise<void> {
  const line = 'x'.repeat(lineBytes) + (newlines ? '\n' : '')
  for (let i = 0; i < lines; i += 1) await put('stdout', line)
}

function leave(step: Extract<ScriptedStep, { do: 'leave' }>): void {
  const output = step.holdsOutput === true ? 'inherit' : 'ignore'
  spawn('sleep', [String(step.seconds)], {
    detached: step.ownSession === true,
    stdio: ['ignore', output, output],
  }).unref()
}

if (import.meta.main) {
  const attempt = Number(process.env['ORCHESTRATOR_ATTEMPT_NUMBER'] ?? '1')
  await follow(stepsFor(readScenario(process.argv[2] ?? '[]'), attempt))
  // A process that was left behind must not hold it.
  process.exit(0)
}
