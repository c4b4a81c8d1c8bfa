/** What launcher, watcher and runner need of the operating system. Linux only: identities come from /proc. */

/** What makes a process unique on this machine: its pid alone is used again. */
export interface ProcessIdentity {
  readonly bootId: string
  readonly pid: number
  /** Start time in clock ticks since boot, as text. */
  readonly startTicks: string
}

export interface ProcessTable {
  /** Id of the running boot. */
  bootId(): string
  /** Identity of a live process, `undefined` when there is none (a zombie counts as none). */
  identify(pid: number): ProcessIdentity | undefined
  /** False for another boot, another start time, or a zombie. */
  isAlive(identity: ProcessIdentity): boolean
  /** Pids of this boot whose environment holds `name=value`, zombies left out. */
  withVariable(name: string, value: string): readonly number[]
  /**
   * Signals every process with the variable, and the process groups they lead. Races with forks are met by repeating:
   * the caller repeats until `withVariable` is empty.
   */
  signalAll(name: string, value: string, signal: NodeJS.Signals): void
}
