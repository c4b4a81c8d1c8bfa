/** The server, the settings file, and what the settings name. */
import { readFile } from 'node:fs/promises'
import type { Client } from '@orchestrator/client'
import type { Settings } from '@orchestrator/shared/contracts'
import { describeError, hasCode, printableLine } from '@orchestrator/shared/core'
import { loadSettings } from '@orchestrator/shared/service'
import { agentProgramCheck } from './agent-program-check.ts'
import { type Check, fail, type Finding, ok, warn } from './check.ts'
import { findProgram, type Machine } from './machine-checks.ts'
import { repositoryChecks } from './repository-checks.ts'

export function serverCheck(connect: () => Promise<Client>, startCommand: string): Check {
  return {
    name: 'Server',
    run: async () => {
      try {
        const client = await connect()
        const { ready, checks } = await client.getReadiness()
        const wrong = Object.entries(checks).filter(([, state]) => state !== 'ok')
        if (wrong.length === 0 && ready) return ok(`${client.url} is ready`)
        const what = wrong.map(([name, state]) => printableLine(`${name}: ${state}`)).join('; ')
        return fail(`${client.url} is not ready (${what})`, 'wait a moment; if it stays so, its log says why')
      } catch (error) {
        if (!hasCode(error, 'SERVER_UNREACHABLE')) throw error
        return warn(error.message, `start one with "${startCommand}"`)
      }
    },
  }
}

export interface SettingsFinding {
  readonly finding: Finding
  readonly settings: Settings
}

/** Reads the settings file, and gives the defaults where it is not valid, so that the other checks go on. */
export async function checkSettings(file: string | undefined): Promise<SettingsFinding> {
  const defaults = await loadSettings(undefined)
  if (file === undefined) return { finding: ok('no settings file: defaults'), settings: defaults }
  try {
    return { finding: ok(file), settings: await loadSettings(file) }
  } catch (error) {
    return { finding: fail(describeError(error), 'correct what is named'), settings: defaults }
  }
}

export function settingsChecks(settings: Settings, machine: Machine): readonly Check[] {
  return [
    ...Object.entries(settings.agents).map(([agent, configured]) =>
      configured.adapter === 'command'
        ? programCheck({
            name: `Agent ${agent}`,
            program: configured.command[0] ?? '',
            setting: `agents.${agent}.command`,
            machine,
          })
        : agentProgramCheck({ agent, configured, machine }),
    ),
    ...(settings.toolman === undefined ? [] : [toolmanCheck(settings.toolman, machine)]),
    ...settings.channels.webhooks.flatMap(({ name, secretFile }) =>
      secretFile === undefined ? [] : [secretCheck(name, secretFile)],
    ),
    ...repositoryChecks(settings, machine),
  ]
}

function toolmanCheck({ command: [program = ''] }: NonNullable<Settings['toolman']>, machine: Machine): Check {
  return programCheck({ name: 'Tools', program, setting: 'toolman.command', machine })
}

interface ProgramToCheck {
  readonly name: string
  readonly program: string
  /** Where the settings name it. */
  readonly setting: string
  readonly machine: Machine
}

function programCheck({ name, program, setting, machine }: ProgramToCheck): Check {
  return {
    name,
    run: async () => {
      const place = await findProgram(program, machine)
      if (place !== undefined) return ok(place)
      return fail(
        `${printableLine(program)} is not found`,
        `install it, or name its path in the settings at ${setting}`,
      )
    },
  }
}

function secretCheck(name: string, file: string): Check {
  return {
    name: `Webhook ${name}`,
    run: async () => {
      const secret = await readFile(file, 'utf8').catch(() => undefined)
      if (secret?.trim().startsWith('whsec_') === true) return ok('its secret is readable')
      return fail(
        `${file} ${secret === undefined ? 'cannot be read' : 'holds no whsec_ secret'}`,
        `put the signing secret there, or correct channels.webhooks in the settings`,
      )
    },
  }
}
