import { spawn } from 'node:child_process'

export interface ProcessOrder {
  readonly executable: string
  readonly args: readonly string[]
  readonly cwd: string
  /** The whole environment. */
  readonly environment: Readonly<Record<string, string>>
  readonly input: string
  readonly signal: AbortSignal
  readonly timeoutMs: number
  readonly stdoutMaxBytes: number
  readonly stderrTailBytes: number
}

export interface ProcessEnd {
  readonly exitCode: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  /** Its last part. */
  readonly stderr: string
  /** Set when it did not end by itself. */
  readonly stopped: 'timeout' | 'aborted' | 'output' | undefined
}

/** After being asked to end, git has this long to remove its lock files. */
const KILL_AFTER_MS = 3_000

/** Runs one program in a group of its own, to its end; what it started ends with it. Rejects when it cannot start. */
export async function runProcess(order: ProcessOrder): Promise<ProcessEnd> {
  const child = spawn(order.executable, order.args, {
    cwd: order.cwd,
    env: { ...order.environment },
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  })
  const ended = Promise.withResolvers<{ exitCode: number | null; signal: NodeJS.Signals | null }>()
  child.once('error', ended.reject)
  child.once('close', (exitCode, signal) => ended.resolve({ exitCode, signal }))

  const group = createGroup(child.pid)
  const stdout = collectHead(order.stdoutMaxBytes, () => group.stop('output'))
  const stderr = collectTail(order.stderrTailBytes)
  child.stdout.on('data', stdout.add)
  child.stderr.on('data', stderr.add)
  // A program that ends without reading its input is no failure of ours.
  child.stdin.on('error', () => {})
  child.stdin.end(order.input)

  const timer = setTimeout(() => group.stop('timeout'), order.timeoutMs)
  const onAbort = (): void => group.stop('aborted')
  order.signal.addEventListener('abort', onAbort, { once: true })
  try {
    const end = await ended.promise
    return { ...end, stdout: stdout.text(), stderr: stderr.text(), stopped: group.stopped() }
  } finally {
    clearTimeout(timer)
    order.signal.removeEventListener('abort', onAbort)
    group.done()
  }
}

interface Group {
  stop(why: NonNullable<ProcessEnd['stopped']>): void
  stopped(): ProcessEnd['stopped']
  done(): void
}

function createGroup(pid: number | undefined): Group {
  let why: ProcessEnd['stopped']
  let timer: NodeJS.Timeout | undefined
  return {
    stop: (reason) => {
      if (why !== undefined) return
      why = reason
      signalGroup(pid, 'SIGTERM')
      timer = setTimeout(() => signalGroup(pid, 'SIGKILL'), KILL_AFTER_MS)
    },
    stopped: () => why,
    done: () => {
      clearTimeout(timer)
      // What the program left behind in its group (a helper that hangs) must not outlive the call.
      signalGroup(pid, 'SIGKILL')
    },
  }
}

function signalGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, signal)
  } catch {
    // Nobody is left in the group.
  }
}

interface Collector {
  readonly add: (chunk: Buffer) => void
  text(): string
}

function collectHead(maxBytes: number, onOverflow: () => void): Collector {
  const chunks: Buffer[] = []
  let bytes = 0
  return {
    add: (chunk) => {
      bytes += chunk.length
      if (bytes > maxBytes) onOverflow()
      else chunks.push(chunk)
    },
    text: () => Buffer.concat(chunks).toString('utf8'),
  }
}

function collectTail(maxBytes: number): Collector {
  let tail: Buffer = Buffer.alloc(0)
  return {
    add: (chunk) => {
      const joined = Buffer.concat([tail, chunk])
      tail = joined.length > maxBytes ? joined.subarray(joined.length - maxBytes) : joined
    },
    text: () => tail.toString('utf8'),
  }
}
