import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { readUpFile } from '../up/state-directory.ts'

const MAIN = new URL('../main.ts', import.meta.url).pathname

/** The command line, run as a person runs it: a process for each command. */
export interface Commands {
  /** Shows the command and its output; returns its exit code. */
  show(...args: readonly string[]): Promise<number>
  /** `up` in the background, until disposed. */
  up(...args: readonly string[]): Promise<BackgroundUp>
}

export interface BackgroundUp extends AsyncDisposable {
  readonly url: string
}

export interface CommandsOptions {
  readonly stateDirectory: string
  /** How people call the program. */
  readonly program: string
  readonly print: (line: string) => void
  readonly signal: AbortSignal
}

const UP_PATIENCE_MS = 30_000

export function createCommands({ stateDirectory, program, print, signal }: CommandsOptions): Commands {
  const base = [MAIN]
  const state = ['--state-dir', stateDirectory]
  return {
    show: async (...args) => {
      print(`\n$ ${program} ${args.map(quoted).join(' ')}`)
      const child = spawn(process.execPath, [...base, ...args, ...state], {
        stdio: ['ignore', 'inherit', 'inherit'],
        signal,
      })
      await once(child, 'exit')
      return child.exitCode ?? 1
    },
    up: async (...args) => {
      const child = spawn(process.execPath, [...base, 'up', ...args, ...state], {
        stdio: ['ignore', 'ignore', 'inherit'],
      })
      const patience = AbortSignal.any([signal, AbortSignal.timeout(UP_PATIENCE_MS)])
      const stop = async (): Promise<void> => {
        if (child.exitCode !== null || child.signalCode !== null) return
        const exited = once(child, 'exit')
        child.kill('SIGTERM')
        await exited
      }
      for (;;) {
        const running = await readUpFile(stateDirectory)
        if (running !== undefined && running.pid === child.pid) return { url: running.url, [Symbol.asyncDispose]: stop }
        if (child.exitCode !== null) throw new Error(`"${program} up" ended with ${child.exitCode}`)
        await delay(50, undefined, { signal: patience })
      }
    },
  }
}

function quoted(arg: string): string {
  return /^[\w./:=-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", `'\\''`)}'`
}
