import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'

/** What bash says of a script that it only reads; `undefined` when it is one. Where there is no bash, sh is asked. */
export async function shellProblem(script: string, shells: readonly string[] = ['bash', 'sh']): Promise<string | undefined> {
  const [shell, ...others] = shells
  if (shell === undefined) return 'neither bash nor sh is on the PATH to read it: install one'
  const child = spawn(shell, ['-n'], { stdio: ['pipe', 'ignore', 'pipe'] })
  const started = Promise.withResolvers<boolean>()
  child.once('spawn', () => started.resolve(true)).once('error', () => started.resolve(false))
  if (!(await started.promise)) return await shellProblem(script, others)
  const ended = new Promise<number | null>((resolve) => void child.once('close', resolve))
  // It stops reading where it finds a fault.
  child.stdin.on('error', () => undefined).end(script)
  const [code, said] = await Promise.all([ended, text(child.stderr)])
  return code === 0 ? undefined : said.trim()
}
