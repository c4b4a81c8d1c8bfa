import { execFileSync } from 'node:child_process'
import { existsSync, globSync } from 'node:fs'
import path from 'node:path'

/** Debian installs it where not everybody's PATH leads. */
const SYSTEM_DIRECTORIES = ['/usr/local/sbin', '/usr/sbin']

/** The server that tests run: the one named in ORCHESTRATOR_NATS_SERVER, else on PATH, else the newest in `.tools`. */
export function natsServerBinary(): string {
  const named = process.env['ORCHESTRATOR_NATS_SERVER']
  if (named !== undefined && named !== '') return named
  const binary = onPath() ?? newestTool()
  if (binary === undefined)
    throw new Error('no nats-server: run scripts/setup, or name one in ORCHESTRATOR_NATS_SERVER')
  return binary
}

/** For example `2.15.1`. */
export function natsServerVersion(binary: string): string {
  return /(\d+\.\d+\.\d+)/.exec(execFileSync(binary, ['--version'], { encoding: 'utf8' }))?.[1] ?? '0'
}

function onPath(): string | undefined {
  const directories = [...(process.env['PATH'] ?? '').split(path.delimiter), ...SYSTEM_DIRECTORIES]
  return directories.map((directory) => path.join(directory, 'nats-server')).find((file) => existsSync(file))
}

function newestTool(): string | undefined {
  const tools = path.join(import.meta.dirname, '../../../.tools')
  const found = globSync('nats-server-*/usr/sbin/nats-server', { cwd: tools })
  const [newest] = found.toSorted((a, b) => b.localeCompare(a, undefined, { numeric: true }))
  return newest === undefined ? undefined : path.join(tools, newest)
}
