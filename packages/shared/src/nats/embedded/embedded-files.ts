/** The files of an embedded broker's directory. */
import { randomBytes, randomUUID } from 'node:crypto'
import {
  chmod,
  link,
  mkdir,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  stat,
  statfs,
  unlink,
  writeFile,
} from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { TerminalError } from '../../core/index.ts'
import type { Credentials } from './embedded-config.ts'

export interface BrokerDirectory {
  readonly root: string
  readonly lock: string
  readonly config: string
  readonly credentials: string
  readonly log: string
  readonly ports: string
  readonly store: string
}

/** Makes the directory, for its owner alone. */
export async function openBrokerDirectory(directory: string): Promise<BrokerDirectory> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  await chmod(directory, 0o700)
  const root = await realpath(directory)
  const files = {
    root,
    lock: path.join(root, 'lock'),
    config: path.join(root, 'nats-server.conf'),
    credentials: path.join(root, 'credentials.json'),
    log: path.join(root, 'nats-server.log'),
    ports: path.join(root, 'run'),
    store: path.join(root, 'store'),
  }
  await mkdir(files.ports, { recursive: true })
  await mkdir(files.store, { recursive: true })
  return files
}

const CredentialsFile = z.object({ user: z.string().min(1), password: z.string().min(1) })

/** Made once for the directory; of two that start at once, both get the first one's. */
export async function loadCredentials(directory: BrokerDirectory): Promise<Credentials> {
  const { credentials } = directory
  const known = await stat(credentials).then(
    () => true,
    () => false,
  )
  if (!known) await createCredentials(directory)
  const parsed = CredentialsFile.safeParse(parseJson(await readFile(credentials, 'utf8')))
  if (parsed.success) return parsed.data
  throw new TerminalError(
    'CONFIG_INVALID',
    `${credentials} is damaged: stop the broker of this directory and delete the file`,
  )
}

async function createCredentials({ credentials }: BrokerDirectory): Promise<void> {
  const fresh = { user: 'orchestrator', password: randomBytes(32).toString('base64url') }
  const aside = `${credentials}.${randomUUID()}`
  // Synced before it has its name: a power cut leaves the whole file or none.
  await writeFile(aside, JSON.stringify(fresh), { mode: 0o600, flag: 'wx', flush: true })
  try {
    await link(aside, credentials)
  } catch (error) {
    if (!hasErrno(error, 'EEXIST')) throw error
  } finally {
    await unlink(aside)
  }
}

export async function writeConfig({ config }: BrokerDirectory, text: string): Promise<void> {
  const aside = `${config}.${randomUUID()}`
  await writeFile(aside, text, { mode: 0o600, flag: 'wx' })
  await rename(aside, config)
}

/** @throws TerminalError CONFIG_INVALID when the disk cannot hold what the broker may store */
export async function checkDisk({ root, store }: BrokerDirectory, neededBytes: number): Promise<void> {
  const available = (await freeBytes({ root })) + (await directoryBytes(store))
  if (available > neededBytes) return
  throw new TerminalError(
    'CONFIG_INVALID',
    `the broker may store ${inGib(neededBytes)} in ${root}, which has room for ${inGib(available)}: free space there or lower LEDGER_MAX_BYTES`,
    { details: { neededBytes, available } },
  )
}

export async function freeBytes({ root }: Pick<BrokerDirectory, 'root'>): Promise<number> {
  const { bavail, bsize } = await statfs(root)
  return bavail * bsize
}

function inGib(bytes: number): string {
  return `${(bytes / 1024 ** 3).toFixed(1)} GiB`
}

async function directoryBytes(directory: string): Promise<number> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile())
  // A running broker may remove a file meanwhile.
  const sizes = await Promise.all(
    files.map((file) =>
      stat(path.join(file.parentPath, file.name)).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  )
  return sizes.reduce((sum, size) => sum + size, 0)
}

const PORTS_FILE = /^nats-server_(\d+)\.ports$/
const Ports = z.object({ nats: z.array(z.string()).min(1) })

export interface PortsFile {
  readonly pid: number
  readonly url: string
}

/** What brokers of this directory have written about themselves, dead ones included. */
export async function readPortsFiles({ ports }: BrokerDirectory): Promise<readonly PortsFile[]> {
  const names = await readdir(ports)
  const found = await Promise.all(names.map((name) => readPortsFile(ports, name)))
  return found.filter((file) => file !== undefined)
}

async function readPortsFile(directory: string, name: string): Promise<PortsFile | undefined> {
  const pid = PORTS_FILE.exec(name)?.[1]
  const text = pid === undefined ? '' : await readFile(path.join(directory, name), 'utf8').catch(() => '')
  const url = Ports.safeParse(parseJson(text)).data?.nats[0]
  return pid === undefined || url === undefined ? undefined : { pid: Number(pid), url }
}

/** Those of brokers that were killed stay behind; after a reboot another process may have such a pid. */
export async function removePortsFilesOf(
  { ports }: BrokerDirectory,
  isDead: (pid: number) => Promise<boolean>,
): Promise<void> {
  const pids = (await readdir(ports)).flatMap((name) => PORTS_FILE.exec(name)?.[1] ?? [])
  for (const pid of pids) {
    if (await isDead(Number(pid))) await rm(path.join(ports, `nats-server_${pid}.ports`), { force: true })
  }
}

/** The last lines that the broker wrote. */
export async function readLogTail({ log }: BrokerDirectory): Promise<string> {
  const text = await readFile(log, 'utf8').catch(() => '')
  return text.trimEnd().split('\n').slice(-3).join(' | ')
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function hasErrno(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
