/**
 * A small machine within this one: processes, boot id and mounts of its own, on the files and the network of this one.
 * It loses its power at once, with everything that ran on it, and the next one is as after a reboot: pids begin anew.
 */
import { execFile, execFileSync, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'vitest'
import type { Place } from './installation.ts'

export interface Machine extends Place, AsyncDisposable {
  readonly bootId: string
  /** Runs to the end. @throws when it fails */
  run(...command: readonly string[]): Promise<string>
  /** Everything that runs is gone, at once. */
  powerOff(): Promise<void>
}

export interface MachineOptions {
  /** Directories that are disks of their own. */
  readonly disks?: readonly string[]
  /** Files in whose place others are seen. */
  readonly replaced?: Readonly<Record<string, string>>
}

/** In a user namespace, so that root is not needed. `--kill-child` and the pid namespace leave nothing behind. */
const UNSHARE = ['--user', '--map-root-user', '--mount', '--pid', '--fork', '--kill-child=KILL', '--mount-proc']
const DISK_SIZE = '6g'

/** Mounts, says that it is there, then collects orphans as an init does. */
const INIT = `set -e
mount --bind "$1" /proc/sys/kernel/random/boot_id
shift
for disk in "$@"; do
  case "$disk" in
    *=*) mount --bind "\${disk#*=}" "\${disk%%=*}" ;;
    *) mkdir -p "$disk"; mount -t tmpfs -o size=${DISK_SIZE},mode=700 none "$disk" ;;
  esac
done
echo up
while :; do sleep 1000 & wait; done`

/** Why no such machine can be made here; undefined where it can. */
export const NO_MACHINE: string | undefined = whyNot()

function whyNot(): string | undefined {
  try {
    execFileSync('unshare', [...UNSHARE, 'mount', '-t', 'tmpfs', 'none', '/mnt'], { stdio: 'pipe' })
    return undefined
  } catch (error) {
    return `unshare(1) cannot make namespaces here: ${error instanceof Error ? error.message : String(error)}`
  }
}

const run = promisify(execFile)

export async function startMachine({ disks = [], replaced = {} }: MachineOptions = {}): Promise<Machine> {
  const folder = await mkdtemp(join(tmpdir(), 'orchestrator-machine-'))
  const bootId = randomUUID()
  const bootIdFile = join(folder, 'boot-id')
  await writeFile(bootIdFile, `${bootId}\n`)
  const mounts = [...disks, ...Object.entries(replaced).map(([path, by]) => `${path}=${by}`)]
  const init = ['sh', '-c', INIT, 'init', bootIdFile, ...mounts]
  // Ended with this process, however it ends.
  const outer = spawn('setpriv', ['--pdeathsig', 'KILL', 'unshare', ...UNSHARE, ...init], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(outer.stdout, 'data')
  const pid = onlyChildOf(outer.pid ?? 0)
  const enter = ['--target', String(pid), '--user', '--preserve-credentials', '--mount', '--pid']
  const powerOff = async (): Promise<void> => {
    outer.kill('SIGKILL')
    // The first process of a machine is gone only after all the others.
    await expect.poll(() => isGone(pid)).toBe(true)
  }
  return {
    bootId,
    spawn: (command) => spawn('nsenter', [...enter, ...command], { stdio: ['ignore', 'pipe', 'pipe'] }),
    signal: async (target, signal) => {
      await run('nsenter', [...enter, 'sh', '-c', `kill -${signal.slice('SIG'.length)} ${target}`])
    },
    run: async (...command) => (await run('nsenter', [...enter, ...command])).stdout,
    outside: (path) => `/proc/${pid}/root${path}`,
    powerOff,
    [Symbol.asyncDispose]: async () => {
      await powerOff()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function onlyChildOf(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim())
}

function isGone(pid: number): boolean {
  try {
    return / [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return true
  }
}
