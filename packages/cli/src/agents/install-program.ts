/** An agent's program for this machine: from the registry at a fixed version, never part of this repository. */
import { glob, mkdir, mkdtemp, rename, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { TerminalError } from '@orchestrator/shared/core'
import { findProgram } from '../doctor/machine-checks.ts'
import { findVersion } from '../doctor/versions.ts'
import { type ProgramEnd, runProgram } from '../run-program.ts'
import { AGENT_PROGRAMS, type AgentProgramFacts, type AgentProgramName } from './programs.ts'

const INSTALL_TIMEOUT_MS = 15 * 60_000

export interface Installing {
  readonly name: AgentProgramName
  /** Absolute path of the folder for tools; `bin/` in it is looked into by attempts of this machine. */
  readonly tools: string
  readonly path: string
  readonly home: string
  /** Proxies and authorities that npm must know here. */
  readonly network: Readonly<Record<string, string>>
  readonly signal: AbortSignal
}

/**
 * Installs it, unless it is there, and returns the program's path.
 * @throws TerminalError TOOLS_UNAVAILABLE with what npm said
 */
export async function installProgram(installing: Installing): Promise<string> {
  const { tools, name } = installing
  const facts = AGENT_PROGRAMS[name]
  const folder = join(tools, `${name}-${facts.version}`)
  const there = await findBinary(folder, facts)
  if (there !== undefined) return await link(installing, there)
  await mkdir(tools, { recursive: true, mode: 0o700 })
  const aside = await mkdtemp(`${folder}.part-`)
  try {
    await runNpm(installing, aside)
    const binary = await findBinary(aside, facts)
    if (binary === undefined) throw failed(facts, 'npm left no program for this kind of machine')
    await checkVersion(installing, binary)
    await rm(folder, { recursive: true, force: true })
    await rename(aside, folder)
    return await link(installing, join(folder, binary.slice(aside.length + 1)))
  } finally {
    await rm(aside, { recursive: true, force: true })
  }
}

/** Without the package's own scripts: the program is in a package for each platform. */
async function runNpm(installing: Installing, prefix: string): Promise<void> {
  const npm = await findProgram('npm', { path: installing.path, cwd: prefix })
  const facts = AGENT_PROGRAMS[installing.name]
  if (npm === undefined) throw failed(facts, 'npm is not on the PATH')
  const wanted = `${facts.package}@${facts.version}`
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
  throw failed(facts, end.timedOut ? 'npm took too long' : `npm said: ${reasonIn(end.stderr)}`)
}

/** Of npm's words the first that tell more than a code; its last ones only name its log. */
function reasonIn(stderr: string): string {
  const errors = stderr.split('\n').flatMap((line) => /^npm (?:error|ERR!) +(\S.*)$/.exec(line)?.[1] ?? [])
  return errors.find((line) => !/^(?:code|syscall|errno|at) /.test(line)) ?? 'nothing'
}

async function checkVersion(installing: Installing, binary: string): Promise<void> {
  const end = await run(installing, { file: binary, args: ['--version'], cwd: installing.tools, timeoutMs: 30_000 })
  const facts = AGENT_PROGRAMS[installing.name]
  if (findVersion(end.stdout) !== facts.version)
    throw failed(facts, `what npm installed does not run here: ${end.stderr.trim().split('\n')[0] ?? ''}`)
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
async function findBinary(folder: string, { binary }: AgentProgramFacts): Promise<string | undefined> {
  const places = await Array.fromAsync(glob(binary, { cwd: join(folder, 'node_modules') }))
  return places[0] === undefined ? undefined : join(folder, 'node_modules', places[0])
}

async function link({ tools, name }: Installing, binary: string): Promise<string> {
  const place = join(tools, 'bin', name)
  await mkdir(join(tools, 'bin'), { recursive: true, mode: 0o700 })
  await rm(place, { force: true })
  await symlink(binary, place)
  return place
}

function failed({ title }: AgentProgramFacts, why: string): TerminalError {
  return new TerminalError('TOOLS_UNAVAILABLE', `${title} could not be installed: ${why}`)
}
