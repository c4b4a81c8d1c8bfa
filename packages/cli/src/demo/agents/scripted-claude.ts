/** A real Claude Code, whose model is a script on this machine. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { TerminalError } from '@orchestrator/shared/core'
import type { DemoAgent } from './agent.ts'

const SCRIPTED_MODEL = new URL('../../../../testing/src/scripted-model/', import.meta.url).pathname
const START_PATIENCE_MS = 30_000

export interface ScriptedClaudeOptions {
  /** Absolute path of Claude Code. */
  readonly program: string
  /** For files of its own. */
  readonly directory: string
  readonly signal: AbortSignal
}

/** Until disposed. */
export async function scriptedClaude({ program, directory, signal }: ScriptedClaudeOptions): Promise<DemoAgent> {
  await using stack = new AsyncDisposableStack()
  const url = await startModel(stack, { directory, signal })
  const keyFile = join(directory, 'model-key')
  await writeFile(keyFile, 'the-scripted-model-takes-any-key', { mode: 0o600 })
  const owned = stack.move()
  return {
    introduction: [
      'The agent of this demonstration is a real Claude Code. Its MODEL IS SCRIPTED: what it says is written down beforehand,',
      'what Claude Code does about it is real, as is all else: broker, services, processes, git, gates, signed webhooks.',
      'Nothing leaves this machine, and nothing is charged: what it says of costs is made up.',
    ],
    settings: {
      adapter: 'claude',
      program,
      credentials: { ANTHROPIC_API_KEY: keyFile },
      environment: { ANTHROPIC_BASE_URL: url },
    },
    isScripted: true,
    [Symbol.asyncDispose]: async () => owned.disposeAsync(),
  }
}

async function startModel(
  stack: AsyncDisposableStack,
  { directory, signal }: Pick<ScriptedClaudeOptions, 'directory' | 'signal'>,
): Promise<string> {
  const urlFile = join(directory, 'model-url')
  const args = [join(SCRIPTED_MODEL, 'main.ts'), join(SCRIPTED_MODEL, 'scenarios/demonstration.json'), urlFile]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] })
  stack.defer(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill('SIGTERM')
    await exited
  })
  const patience = AbortSignal.any([signal, AbortSignal.timeout(START_PATIENCE_MS)])
  for (;;) {
    const url = await readFile(urlFile, 'utf8').catch(() => '')
    if (url !== '') return url
    if (child.exitCode !== null)
      throw new TerminalError('TOOLS_UNAVAILABLE', `the scripted model ended with ${child.exitCode} at its start`)
    await delay(50, undefined, { signal: patience })
  }
}
