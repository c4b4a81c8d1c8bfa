import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

export interface SubmitterProcess extends AsyncDisposable {
  readonly url: string
  /** SIGKILL. */
  kill(): Promise<void>
}

/** The submitter as a process of its own, listening. */
export async function spawnSubmitter(environment: Readonly<Record<string, string>>): Promise<SubmitterProcess> {
  const main = fileURLToPath(new URL('../main.ts', import.meta.url))
  const child = spawn(process.execPath, [main], {
    env: { PORT: '0', ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }
  return { url: await untilListening(child), kill, [Symbol.asyncDispose]: kill }
}

async function untilListening({ stdout }: ChildProcess): Promise<string> {
  let output = ''
  for await (const data of stdout ?? []) {
    output += String(data)
    const url = /"url":"([^"]+)"/.exec(output)?.[1]
    if (url !== undefined) return url
  }
  throw new Error(`the submitter has ended: ${output}`)
}
