/** Runs a program of this machine on a real terminal of its own, for tests. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'

export interface TerminalOptions {
  /** For a shell. */
  readonly command: string
  readonly cwd?: string
  readonly environment: Readonly<Record<string, string>>
  readonly rows?: number
}

export interface Terminal extends AsyncDisposable {
  /** Everything that has appeared, with what a terminal obeys. */
  readonly shown: () => string
  /** As if typed. */
  type(keys: string): void
  /** Its exit code, once it has ended. */
  readonly ended: Promise<number | null>
}

/** With `script` of util-linux: no native module is needed for it. */
export function startTerminal({ command, cwd, environment, rows = 24 }: TerminalOptions): Terminal {
  const line = `stty rows ${rows} cols 160; ${command}`
  const child: ChildProcess = spawn('script', ['--quiet', '--return', '--flush', '--command', line, '/dev/null'], {
    ...(cwd === undefined ? {} : { cwd }),
    env: { TERM: 'xterm', SHELL: '/bin/sh', ...environment },
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: true,
  })
  let text = ''
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  const ended = once(child, 'close').then(() => child.exitCode)
  return {
    shown: () => text,
    type: (keys) => void child.stdin?.write(keys),
    ended,
    [Symbol.asyncDispose]: async () => {
      child.stdin?.end()
      if (child.exitCode === null && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
      await ended
    },
  }
}
