import type { Colour } from '@orchestrator/client/texts'
import { describeError, printable } from '@orchestrator/shared/core'
import type { Command } from 'commander'
import { proxiesOf } from '../config.ts'
import type { CliContext } from '../context.ts'
import { type Check, fail, type Finding } from '../doctor/check.ts'
import { checkSettings, serverCheck, settingsChecks } from '../doctor/installation-checks.ts'
import { type Machine, machineChecks } from '../doctor/machine-checks.ts'
import { servicesCheck } from '../doctor/services-check.ts'
import { EXIT } from '../exit-codes.ts'
import { credentialsDirectory, personHome } from '../git-places.ts'
import { toJsonLine } from '../output/machine.ts'
import { statePath } from '../state-path.ts'
import { connect, type ServerOptions, withExamples, withServerOptions } from './options.ts'

interface DoctorFlags extends ServerOptions {
  readonly config?: string
}

const COLOURS: Record<Finding['state'], Colour> = { ok: 'green', warn: 'yellow', fail: 'red' }

export function registerDoctor(program: Command, context: CliContext): void {
  const command = program
    .command('doctor')
    .description('check what this machine and installation need; exits with 1 when something fails')
    .option('--config <file>', 'settings file whose agents, secrets and repositories to try (else SETTINGS_FILE)')
    .action(async (flags: DoctorFlags) => {
      await examine(context, flags)
    })
  withExamples(withServerOptions(command), context, ['doctor', 'doctor --config settings.json', 'doctor -o json'])
}

async function examine(context: CliContext, flags: DoctorFlags): Promise<void> {
  const { environment } = context
  const machine = machineOf(context, flags)
  const { finding, settings } = await checkSettings(flags.config ?? environment.SETTINGS_FILE)
  const checks: readonly Check[] = [
    ...machineChecks(machine),
    serverCheck(async () => await connect(context, flags), `${environment.ORCHESTRATOR_COMMAND} up`),
    servicesCheck(async () => await connect(context, flags)),
    { name: 'Settings', run: () => Promise.resolve(finding) },
    ...settingsChecks(settings, machine),
  ]
  for (const { name, run } of checks) {
    const found = await run().catch((error: unknown) => {
      context.signal.throwIfAborted()
      return fail(describeError(error), 'correct what is named')
    })
    report(context, { name, found, json: flags.output === 'json' })
  }
}

function machineOf({ environment, cwd, signal }: CliContext, flags: DoctorFlags): Machine {
  const stateDirectory = statePath({ given: flags.stateDir, environment, cwd })
  return {
    path: environment.PATH,
    home: environment.HOME,
    personHome: personHome(environment),
    credentialsDirectory: credentialsDirectory({ environment, cwd, stateDirectory }),
    cwd,
    stateDirectory,
    brokerBinary: environment.ORCHESTRATOR_NATS_SERVER,
    sshAgent: environment.SSH_AUTH_SOCK,
    proxies: proxiesOf(environment),
    nodeVersion: process.versions.node,
    signal,
  }
}

interface Report {
  readonly name: string
  readonly found: Finding
  readonly json: boolean
}

function report({ screen, exitWith }: CliContext, { name, found, json }: Report): void {
  const { state, text, remedy } = found
  if (state === 'fail') exitWith(EXIT.failed)
  if (json) return screen.print(toJsonLine({ check: name, state, text, ...(remedy !== undefined && { remedy }) }))
  screen.print(`${screen.paint(COLOURS[state], state.padEnd(4))}  ${name}: ${printable(text)}`)
  if (remedy !== undefined) screen.print(`      ${screen.paint('dim', '→')} ${printable(remedy)}`)
}
