import { execFile } from 'node:child_process'

export interface ProgramRun {
  readonly file: string
  readonly args: readonly string[]
  readonly cwd: string
  readonly environment: Readonly<Record<string, string>>
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

export interface ProgramEnd {
  /** `undefined`: there is no such program, or it was killed. */
  readonly exitCode: number | undefined
  readonly missing: boolean
  readonly timedOut: boolean
  readonly stdout: string
  readonly stderr: string
}

/** Runs a program of this machine to its end, without a shell; never throws but when aborted. */
export async function runProgram({ file, args, cwd, environment, timeoutMs, signal }: ProgramRun): Promise<ProgramEnd> {
  const { promise, resolve } = Promise.withResolvers<ProgramEnd>()
  const options = {
    cwd,
    env: environment,
    timeout: timeoutMs,
    signal,
    maxBuffer: 1024 * 1024,
    encoding: 'utf8',
  } as const
  const child = execFile(file, [...args], options, (error, stdout, stderr) => {
    const code = error === null ? 0 : error.code
    resolve({
      exitCode: typeof code === 'number' ? code : undefined,
      missing: typeof code === 'string' && ['ENOENT', 'EACCES', 'ENOTDIR'].includes(code),
      timedOut: error?.killed === true && !signal.aborted,
      stdout,
      stderr,
    })
  })
  child.stdin?.end()
  const end = await promise
  signal.throwIfAborted()
  return end
}
