import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

const SERVICES = join(import.meta.dirname, '../../services')

/** One service as a process of its own. */
export interface Replica extends AsyncDisposable {
  readonly child: ChildProcess
  /** Everything it has logged. */
  output(): string
  /** As a crash. */
  kill(): Promise<void>
}

export function startReplica(service: string, environment: Record<string, string>): Replica {
  const child = spawn(process.execPath, [join(SERVICES, service, 'src/main.ts')], {
    env: { PATH: process.env['PATH'] ?? '', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  child.stdout.on('data', (data: Buffer) => (output += data.toString()))
  child.stderr.on('data', (data: Buffer) => (output += data.toString()))
  return {
    child,
    output: () => output,
    kill: () => end(child, 'SIGKILL'),
    [Symbol.asyncDispose]: () => end(child, 'SIGTERM'),
  }
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill(signal)
  await exited
}
