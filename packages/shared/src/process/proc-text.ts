/** Reading the texts of /proc: data in, data out. */

/** What we need of `/proc/<pid>/stat`. */
export interface ProcessStat {
  readonly pid: number
  readonly state: string
  readonly processGroup: number
  readonly startTicks: string
  /** A thread of the kernel: it has no environment and is nobody's. */
  readonly isKernelThread: boolean
}

const KERNEL_THREAD_FLAG = 0x0020_0000

/** `undefined` when the text is not a whole stat line. The command may hold spaces and brackets, so it is skipped to its last one. */
export function parseStat(text: string): ProcessStat | undefined {
  const commandEnd = text.lastIndexOf(')')
  const pid = Number.parseInt(text, 10)
  // Counted from the third field of proc_pid_stat(5).
  const fields = text
    .slice(commandEnd + 1)
    .trim()
    .split(' ')
  const [state, , processGroup, , , , flags] = fields
  const startTicks = fields[19]
  if (commandEnd < 0 || !Number.isSafeInteger(pid) || state === undefined || startTicks === undefined) return undefined
  const isKernelThread = (Number(flags) & KERNEL_THREAD_FLAG) !== 0
  return { pid, state, processGroup: Number(processGroup), startTicks, isKernelThread }
}

/** Ended, only not yet collected by its parent. */
export function isGone({ state }: Pick<ProcessStat, 'state'>): boolean {
  return state === 'Z' || state === 'X' || state === 'x'
}

/** `environ` is the raw block: `NAME=value` ended by NUL each. Bytes are compared, whatever their encoding. */
export function environmentHolds(environ: Uint8Array, name: string, value: string): boolean {
  const block = Buffer.from(environ.buffer, environ.byteOffset, environ.byteLength)
  const wanted = Buffer.from(`${name}=${value}\0`)
  if (block.subarray(0, wanted.length).equals(wanted)) return true
  return block.includes(Buffer.concat([Buffer.of(0), wanted]))
}

/** The pids among the names of `/proc`. */
export function pidsAmong(names: readonly string[]): readonly number[] {
  return names.filter((name) => /^[1-9][0-9]*$/.test(name)).map(Number)
}
