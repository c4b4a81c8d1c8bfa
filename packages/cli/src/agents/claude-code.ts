/** Claude Code as a program of this machine: from the registry at a fixed version, never part of this repository. */
import { access, mkdir, mkdtemp, readdir, rename, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { TerminalError } from '@orchestrator/shared/core'
import { findProgram } from '../doctor/machine-checks.ts'
import { findVersion } from '../doctor/versions.ts'
import { type ProgramEnd, runProgram } from '../run-program.ts'

export const CLAUDE_CODE = {
  package: '@anthropic-ai/claude-code',
  /** The one that the adapter was tested with. */
  version: '2.1.330',
  size: '381 MB',
  licence:
    '© Anthropic PBC, all rights reserved; its use is subject to https://code.claude.com/docs/en/legal-and-compliance',
} as const

const INSTALL_TIMEOUT_MS = 15 * 60_000

export interface Installing {
  /** Absolute path of the folder for tools; `bin/` in it is looked into by attempts of this machine. */
  readonly tools: string
  readonly path: string
  readonly home: string
  /** Proxies and authorities that npm must know here. */
  readonly network: Readonly<Record<string, string>>
  readonly signal: AbortSignal
}

/** Where programs of agents are kept that the command line installed. */
export function toolsOf(stateDirectory: string): string {
  return join(stateDirectory, 'tools')
}

/**
 * Installs it, unless it is there, and returns the program's path.
 * @throws TerminalError TOOLS_UNAVAILABLE with what npm said
 */
export async function installClaudeCode(installing: Installing): Promise<string> {
  const folder = join(installing.tools, `claude-${CLAUDE_CODE.version}`)
  const there = await findBinary(folder)
  if (there !== undefined) return await link(installing.tools, there)
  await mkdir(installing.tools, { recursive: true, mode: 0o700 })
  const aside = await mkdtemp(`${folder}.part-`)
  try {
    await runNpm(installing, aside)
    const binary = await findBinary(aside)
    if (binary === undefined) throw failed('npm left no program for this kind of machine')
    await checkVersion(installing, binary)
    await rm(folder, { recursive: true, force: true })
    await rename(aside, folder)
    return await link(installing.tools, join(folder, binary.slice(aside.length + 1)))
  } finally {
    await rm(aside, { recursive: true, force: true })
  }
}

/** Without the package's own scripts: the program is in a package for each platform. */
async function runNpm(installing: Installing, prefix: string): Promise<void> {
  const npm = await findProgram('npm', { path: installing.path, cwd: prefix })
  if (npm === undefined) throw failed('npm is not on the PATH')
  const wanted = `${CLAUDE_CODE.package}@${CLAUDE_CODE.version}`
  const args = [
    'install',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--no-package-lock',
    '--prefix',
    prefix,
    wanted,
  ]
  const end = await run(installing, { file: npm, args, cwd: prefix, timeoutMs: INSTALL_TIMEOUT_MS })
  if (end.exitCode === 0) return
  throw failed(end.timedOut ? 'npm took too long' : `npm said: ${reasonIn(end.stderr)}`)
}

/** Of npm's words the first that tell more than a code; its last ones only name its log. */
function reasonIn(stderr: string): string {
  const errors = stderr.split('\n').flatMap((line) => /^npm (?:error|ERR!) +(\S.*)$/.exec(line)?.[1] ?? [])
  return errors.find((line) => !/^(?:code|syscall|errno|at) /.test(line)) ?? 'nothing'
}

async function checkVersion(installing: Installing, binary: string): Promise<void> {
  const end = await run(installing, { file: binary, args: ['--version'], cwd: installing.tools, timeoutMs: 30_000 })
  const version = findVersion(end.stdout)
  if (version !== CLAUDE_CODE.version)
    throw failed(`what npm installed does not run here: ${end.stderr.trim().split('\n')[0] ?? ''}`)
}

interface Command {
  readonly file: string
  readonly args: readonly string[]
  readonly cwd: string
  readonly timeoutMs: number
}

async function run({ path, home, network, signal }: Installing, command: Command): Promise<ProgramEnd> {
  return await runProgram({ ...command, environment: { ...network, PATH: path, HOME: home, LC_ALL: 'C' }, signal })
}

/** npm installs the one that fits this machine. */
async function findBinary(folder: string): Promise<string | undefined> {
  const scope = join(folder, 'node_modules', '@anthropic-ai')
  const names = (await readdir(scope).catch(() => [])).filter((name) => name.startsWith('claude-code-'))
  for (const name of names) {
    const binary = join(scope, name, 'claude')
    const isThere = await access(binary).then(
      () => true,
      () => false,
    )
    if (isThere) return binary
  }
  return undefined
}

async function link(tools: string, binary: string): Promise<string> {
  const place = join(tools, 'bin', 'claude')
  await mkdir(join(tools, 'bin'), { recursive: true, mode: 0o700 })
  await rm(place, { force: true })
  await symlink(binary, place)
  return place
}

function failed(why: string): TerminalError {
  return new TerminalError('TOOLS_UNAVAILABLE', `Claude Code could not be installed: ${why}`)
}
