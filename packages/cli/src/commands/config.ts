import { resolve } from 'node:path'
import type { Settings } from '@orchestrator/shared/contracts'
import { printableLine } from '@orchestrator/shared/core'
import { loadSettings, settingsSchema } from '@orchestrator/shared/service'
import type { Command } from 'commander'
import type { CliContext } from '../context.ts'
import { escapeJson, toJsonLine } from '../output/machine.ts'
import { outputOption, withExamples } from './options.ts'
import { withPager } from './paging.ts'

export function registerConfig(program: Command, context: CliContext): void {
  const config = program
    .command('config')
    .description('check the file with services, defaults, limits, agents and channels')
  withExamples(config, context, ['config check orchestrator.yaml', 'config schema > orchestrator.schema.json'])
  registerCheck(config, context)
  registerSchema(config, context)
}

function registerCheck(config: Command, context: CliContext): void {
  const command = config
    .command('check')
    .description('say everything that is wrong with a settings file, with line and column; nothing is started')
    .argument('<file>', 'YAML or JSON')
    .addOption(outputOption())
    .action(async (file: string, { output }: { readonly output: 'text' | 'json' }) => {
      await checkConfig(context, file, output)
    })
  withExamples(command, context, ['config check orchestrator.yaml', 'config check settings.json -o json'])
}

function registerSchema(config: Command, context: CliContext): void {
  const command = config
    .command('schema')
    .description('print the JSON Schema of the settings file, by which editors complete and check it')
    .action(() => {
      context.screen.print(escapeJson(JSON.stringify(settingsSchema(), undefined, 2)))
    })
  withExamples(withPager(command), context, ['config schema > orchestrator.schema.json'])
}

/** @throws TerminalError SETTINGS_INVALID with everything that is wrong */
export async function checkConfig(
  { screen, cwd, environment }: CliContext,
  file: string,
  output: 'text' | 'json',
): Promise<void> {
  const settings = await loadSettings(resolve(cwd, file))
  const names = namesOf(settings)
  const warnings = unknownAgents(settings)
  if (output === 'json') return screen.print(toJsonLine({ file, valid: true, ...names, warnings }))
  screen.print(`${printableLine(file)} is valid.`)
  for (const [kind, all] of Object.entries(names)) screen.print(`  ${kind.padEnd(8)}  ${all.join(', ') || 'none'}`)
  for (const warning of warnings) screen.print(`${screen.paint('yellow', 'warning')}: ${printableLine(warning)}`)
  screen.print(
    `Whether what it names is there: ${environment.ORCHESTRATOR_COMMAND} doctor --config ${printableLine(file)}`,
  )
}

function namesOf({ services, agents, channels }: Settings): Readonly<Record<string, readonly string[]>> {
  return {
    services: Object.keys(services),
    agents: Object.keys(agents),
    webhooks: channels.webhooks.map(({ name }) => name),
  }
}

/** Valid, and of no use: an agent that is named and not described can be given no task. */
function unknownAgents({ defaults, services, agents, caps }: Settings): readonly string[] {
  const named = [
    ['defaults.agent', defaults.agent] as const,
    ...Object.entries(services).map(([service, { agent }]) => [`services.${service}.agent`, agent] as const),
    ...Object.keys(caps.agents).map((agent) => [`caps.agents.${agent}`, agent] as const),
  ]
  const known = Object.keys(agents)
  return named
    .filter(([, agent]) => agent !== undefined && !known.includes(agent))
    .map(
      ([path, agent]) =>
        `${path} names ${agent}, which is not among the agents: ${known.join(', ') || 'there are none'}`,
    )
}
