/** Agents that are programs with an adapter of their own: is the program there, of a known version, and can it log in? */
import { access, constants, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { AgentSettings } from '@orchestrator/shared/contracts'
import { printableLine } from '@orchestrator/shared/core'
import { AGENT_PROGRAMS, toolsOf } from '../agents/programs.ts'
import { runProgram } from '../run-program.ts'
import { type Check, fail, type Finding, ok, warn } from './check.ts'
import { findProgram, type Machine } from './machine-checks.ts'
import { findVersion } from './versions.ts'

export interface AgentProgram {
  readonly agent: string
  readonly configured: Exclude<AgentSettings, { adapter: 'command' }>
  readonly machine: Machine
}

/** What tested versions have in common. */
function testedOf({ configured }: AgentProgram): string {
  return AGENT_PROGRAMS[configured.adapter].version.split('.').slice(0, 2).join('.')
}

export function agentProgramCheck(program: AgentProgram): Check {
  return { name: `Agent ${program.agent}`, run: () => examine(program) }
}

async function examine(program: AgentProgram): Promise<Finding> {
  const { agent, configured, machine } = program
  const name = configured.program ?? configured.adapter
  // The same places as an attempt looks into.
  const path = `${machine.path}:${join(toolsOf(machine.stateDirectory), 'bin')}`
  const place = await findProgram(name, { path, cwd: machine.cwd })
  if (place === undefined)
    return fail(
      `${printableLine(name)} is not found`,
      `install it ("agents install ${configured.adapter}" does), or name its path in the settings at agents.${agent}.program`,
    )
  const version = await versionOf(place, machine)
  const login = await loginOf(program)
  if (login.state === 'fail') return login
  const tested = testedOf(program)
  const told = `${configured.adapter} ${version ?? 'of unknown version'} (${place}), ${login.text}`
  if (version?.startsWith(`${tested}.`) === true) return login.state === 'ok' ? ok(told) : { ...login, text: told }
  return warn(told, `versions ${tested}.x are tested; with others an attempt may understand less of what it prints`)
}

async function versionOf(file: string, { home, cwd, path, signal }: Machine): Promise<string | undefined> {
  const environment = { PATH: path, HOME: home, LC_ALL: 'C' }
  const end = await runProgram({ file, args: ['--version'], cwd, environment, timeoutMs: 15_000, signal })
  return end.exitCode === 0 ? findVersion(end.stdout) : undefined
}

async function loginOf({ agent, configured, machine }: AgentProgram): Promise<Finding> {
  const files = Object.entries(configured.credentials)
  for (const [name, file] of files) {
    const value = await readFile(file, 'utf8').catch(() => undefined)
    if (value === undefined || value.trim() === '')
      return fail(
        `${file} with ${name} ${value === undefined ? 'cannot be read' : 'is empty'}`,
        `put the credential there, or correct agents.${agent}.credentials in the settings`,
      )
  }
  if (files.length > 0) return ok('its credentials are readable')
  const login = join(machine.home, AGENT_PROGRAMS[configured.adapter].loginFile)
  const isThere = await access(login, constants.R_OK).then(
    () => true,
    () => false,
  )
  if (isThere) return ok(`with the login in ${login}`)
  return warn(
    `no login: ${login} is not there`,
    `log in with the program itself, or name a file with a credential at agents.${agent}.credentials in the settings`,
  )
}
