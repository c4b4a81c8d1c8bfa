import { type Client, type ClientOptions, createClient } from '@orchestrator/client'
import { type Command, InvalidArgumentError, Option } from 'commander'
import type { CliContext } from '../context.ts'
import { findServer } from '../discover.ts'
import { findToken } from '../find-token.ts'

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const

/** Where the server is, as far as the command line says. */
export interface ServerAddress {
  readonly server?: string
  readonly stateDir?: string
  /** Holds the token for it. */
  readonly tokenFile?: string
}

/** Options of every command that asks a server and shows the answer. */
export interface ServerOptions extends ServerAddress {
  readonly output: 'text' | 'json'
}

const FORMATS = ['text', 'json']
/** Of earlier users. */
const EARLIER_FORMATS = ['table', 'yaml']

export function outputOption(): Option {
  return new Option('-o, --output <format>', 'text for people, json for programs')
    .choices(FORMATS)
    .default('text')
    .argParser((format: string) => {
      if ([...FORMATS, ...EARLIER_FORMATS].includes(format)) return format
      throw new InvalidArgumentError(`Allowed choices are ${FORMATS.join(', ')}.`)
    })
}

export function withServerAddress(command: Command): Command {
  return command
    .option('--server <url>', 'address of the server (else ORCHESTRATOR_URL, else what "up" announced on this machine)')
    .option('--state-dir <path>', 'state directory of the "up" to talk to (else ORCHESTRATOR_STATE_DIR)')
    .option(
      '--token-file <path>',
      'file with the token for the server (else ORCHESTRATOR_TOKEN_FILE, ORCHESTRATOR_TOKEN)',
    )
}

export function withServerOptions(command: Command): Command {
  return withServerAddress(command).addOption(outputOption())
}

/** @throws TerminalError SERVER_UNREACHABLE, INPUT_INVALID, CONFIG_INVALID */
export async function connect(context: CliContext, address: ServerAddress): Promise<Client> {
  return await openClient(context, address, { door: 'cli', signal: context.signal })
}

/** For one request of somebody who came by another door. @throws as {@link connect} */
export async function openClient(
  { environment, cwd, clock }: CliContext,
  address: ServerAddress,
  { door, signal }: Required<Pick<ClientOptions, 'door' | 'signal'>>,
): Promise<Client> {
  const found = await findServer({ server: address.server, stateDirectory: address.stateDir, environment, cwd })
  const { url, source } = found
  const token = await findToken({ given: address.tokenFile, announced: found.tokenFile, environment, cwd })
  return createClient({
    url,
    source,
    token,
    door,
    startCommand: `${environment.ORCHESTRATOR_COMMAND} up`,
    signal,
    clock,
  })
}

const EXAMPLES = new WeakMap<Command, readonly string[]>()

/** Adds `examples`, as they follow the name of the program, to the help of a command, its page and its manual. */
export function withExamples(command: Command, { environment }: CliContext, examples: readonly string[]): Command {
  EXAMPLES.set(command, examples)
  const lines = examples.map((example) => `  ${environment.ORCHESTRATOR_COMMAND} ${example}`)
  return command.addHelpText('after', `\nExamples:\n${lines.join('\n')}`)
}

export function examplesOf(command: Command): readonly string[] {
  return EXAMPLES.get(command) ?? []
}

export function parseCount(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('Use a whole number from 1 on.')
  return Number(text)
}

export function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value]
}

export function parsePort(text: string): number {
  const port = Number(text)
  if (!/^\d{1,5}$/.test(text) || port > 65_535)
    throw new InvalidArgumentError('Use 1 to 65535, or 0 for any free port.')
  return port
}
