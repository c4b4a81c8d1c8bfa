/** Programs, kernel and disk of this machine. */
import { constants } from 'node:fs'
import { access, mkdtemp, readFile, rm, stat, statfs } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { runProgram } from '../run-program.ts'
import { type Check, fail, type Finding, ok, warn } from './check.ts'
import { findVersion, isAtLeast } from './versions.ts'

const NODE_MINIMUM = '24.12.0'
const BROKER_MINIMUM = '2.10.27'
const GIT_MINIMUM = '2.32.0'
const GIB = 1024 ** 3
const DISK_FAIL_BYTES = 1 * GIB
const DISK_WARN_BYTES = 5 * GIB

export interface Machine {
  readonly path: string
  readonly home: string
  /** The same, where it is one of a person. */
  readonly personHome: string | undefined
  /** Tokens and keys of git. */
  readonly credentialsDirectory: string
  readonly cwd: string
  readonly stateDirectory: string
  /** The broker's binary, where one is named. */
  readonly brokerBinary: string | undefined
  readonly sshAgent: string | undefined
  /** Of the network. */
  readonly proxies: Readonly<Record<string, string>>
  readonly nodeVersion: string
  readonly signal: AbortSignal
}

export function machineChecks(machine: Machine): readonly Check[] {
  const { stateDirectory, nodeVersion } = machine
  return [
    { name: 'Node', run: () => Promise.resolve(checkNode(nodeVersion)) },
    { name: 'nats-server', run: () => checkBroker(machine) },
    { name: 'git', run: () => checkGit(machine) },
    { name: 'flock', run: () => checkFlock(machine) },
    { name: '/proc', run: checkProc },
    { name: 'State directory', run: () => checkStateDirectory(stateDirectory) },
    { name: 'Free disk', run: () => checkDisk(stateDirectory) },
  ]
}

function checkNode(version: string): Finding {
  return isAtLeast(version, NODE_MINIMUM)
    ? ok(version)
    : fail(`${version} is too old`, `use Node ${NODE_MINIMUM} or newer`)
}

async function checkBroker(machine: Machine): Promise<Finding> {
  const file = machine.brokerBinary ?? 'nats-server'
  const end = await askVersion(machine, file, ['-v'])
  const remedy = `install nats-server ${BROKER_MINIMUM} or newer, or name its binary in ORCHESTRATOR_NATS_SERVER`
  if (end === undefined) return fail(`${file} is not there or does not run`, remedy)
  return isAtLeast(end, BROKER_MINIMUM) ? ok(`${end} (${file})`) : fail(`${end} (${file}) is too old`, remedy)
}

async function checkGit(machine: Machine): Promise<Finding> {
  const found = await askVersion(machine, 'git', ['--version'])
  const remedy = `install git ${GIT_MINIMUM} or newer`
  if (found === undefined) return fail('git is not there or does not run', remedy)
  return isAtLeast(found, GIT_MINIMUM) ? ok(found) : fail(`${found} is too old`, remedy)
}

async function checkFlock(machine: Machine): Promise<Finding> {
  if ((await findProgram('flock', machine)) !== undefined) return ok('found')
  return warn('not found: the broker’s data directory is guarded by its port file alone', 'install util-linux')
}

async function checkProc(): Promise<Finding> {
  try {
    await readFile('/proc/self/environ')
    await readFile('/proc/sys/kernel/random/boot_id')
    return ok('readable')
  } catch {
    return fail('not readable: processes cannot be told apart', 'run it on Linux, with /proc mounted')
  }
}

async function checkStateDirectory(path: string): Promise<Finding> {
  const existing = await nearestDirectory(path)
  try {
    const probe = await mkdtemp(join(existing, '.orchestrator-doctor-'))
    await rm(probe, { recursive: true })
    return ok(existing === path ? path : `${path} (will be made)`)
  } catch {
    return fail(
      `${path} cannot be written to`,
      `give ${existing} to yourself, or choose another with --state-dir or ORCHESTRATOR_STATE_DIR`,
    )
  }
}

async function checkDisk(path: string): Promise<Finding> {
  const { bavail, bsize } = await statfs(await nearestDirectory(path))
  const free = bavail * bsize
  const text = `${(free / GIB).toFixed(1)} GiB free`
  const remedy = 'make room, or choose another state directory with --state-dir or ORCHESTRATOR_STATE_DIR'
  if (free < DISK_FAIL_BYTES) return fail(text, remedy)
  return free < DISK_WARN_BYTES ? warn(text, remedy) : ok(text)
}

async function nearestDirectory(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined)
  if (found?.isDirectory() === true || path === dirname(path)) return path
  return await nearestDirectory(dirname(path))
}

async function askVersion(
  { path, home, cwd, signal }: Machine,
  file: string,
  args: readonly string[],
): Promise<string | undefined> {
  const environment = { PATH: path, HOME: home, LC_ALL: 'C' }
  const end = await runProgram({ file, args, cwd, environment, timeoutMs: 10_000, signal })
  return end.exitCode === 0 ? findVersion(end.stdout + end.stderr) : undefined
}

/** Where a program is that would run by this name. */
export async function findProgram(
  name: string,
  { path, cwd }: Pick<Machine, 'path' | 'cwd'>,
): Promise<string | undefined> {
  const places = name.includes('/')
    ? [name.startsWith('/') ? name : join(cwd, name)]
    : path.split(':').map((folder) => join(folder, name))
  for (const place of places) if (await isProgram(place)) return place
  return undefined
}

async function isProgram(place: string): Promise<boolean> {
  try {
    await access(place, constants.X_OK)
    return (await stat(place)).isFile()
  } catch {
    return false
  }
}
