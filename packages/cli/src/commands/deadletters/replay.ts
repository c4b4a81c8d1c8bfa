import { type Client, ServerError } from '@orchestrator/client'
import { TerminalError } from '@orchestrator/shared/core'
import type { Command } from 'commander'
import type { CliContext } from '../../context.ts'
import { exitCodeOfError } from '../../exit-codes.ts'
import { describeReplays, type Replay, replayToJson } from '../../output/describe-dead-letter.ts'
import { toJsonLine } from '../../output/machine.ts'
import { connect, type ServerOptions, withExamples, withServerOptions } from '../options.ts'

interface ReplayFlags extends ServerOptions {
  readonly all?: boolean
  readonly durable?: string
}

const PAGE = 200

export function registerReplay(letters: Command, context: CliContext): void {
  const command = letters
    .command('replay')
    .description('have the messages of dead letters handled again, once the cause is removed; asked twice does no harm')
    .argument('[sequence...]', 'numbers of letters, as the list shows them')
    .option('--all', 'every open letter of the durable, the oldest first')
    .option('--durable <name>', 'with --all: of this durable')
    .action(async (sequences: readonly string[], flags: ReplayFlags) => {
      assertMeant(sequences, flags)
      const client = await connect(context, flags)
      const replays = await replayAll(context, client, await chosen(client, sequences, flags))
      const { screen, environment, exitWith } = context
      const text = { replays, durable: flags.durable, command: environment.ORCHESTRATOR_COMMAND }
      screen.print(flags.output === 'json' ? toJsonLine(replayToJson(replays)) : describeReplays(text))
      const failed = replays.find(({ error }) => error !== undefined)
      if (failed !== undefined) exitWith(exitCodeOfError(failed.error))
    })
  withExamples(withServerOptions(command), context, [
    'deadletters replay 7',
    'deadletters replay 7 9 12',
    'deadletters replay --all --durable notifier',
  ])
}

function assertMeant(sequences: readonly string[], { all, durable }: ReplayFlags): void {
  if (all === true && durable === undefined)
    throw new TerminalError('INPUT_INVALID', 'replaying all needs the durable whose letters are meant: add --durable')
  if (all === true && sequences.length > 0)
    throw new TerminalError('INPUT_INVALID', 'replay either the letters that are named or --all, not both')
  if (all !== true && durable !== undefined)
    throw new TerminalError('INPUT_INVALID', '--durable says whose letters --all means: add --all, or leave it out')
  if (all !== true && sequences.length === 0)
    throw new TerminalError('INPUT_INVALID', 'name the letters to replay, or use --all with --durable')
}

async function chosen(
  client: Client,
  sequences: readonly string[],
  { all, durable }: ReplayFlags,
): Promise<readonly string[]> {
  return all === true ? await openLetters(client, durable) : [...new Set(sequences)]
}

/** Oldest first: in the order in which the messages came. */
async function openLetters(client: Client, durable: string | undefined): Promise<readonly string[]> {
  const newestFirst: string[] = []
  for (let cursor: string | undefined; ;) {
    const { letters, next } = await client.listDeadLetters({ query: { durable, state: 'open', limit: PAGE, cursor } })
    newestFirst.push(...letters.map(({ sequence }) => String(sequence)))
    if (next === null) return newestFirst.toReversed()
    cursor = next
  }
}

/** What is wrong with one letter stops none of the others; a server that is gone does. */
async function replayAll(
  { signal }: CliContext,
  client: Client,
  sequences: readonly string[],
): Promise<readonly Replay[]> {
  const replays: Replay[] = []
  for (const sequence of sequences) {
    signal.throwIfAborted()
    try {
      replays.push({ sequence, answer: await client.replayDeadLetter({ path: { sequence } }) })
    } catch (error) {
      if (replays.length === 0 && sequences.length === 1) throw error
      signal.throwIfAborted()
      replays.push({ sequence, error })
      if (isServerGone(error)) return replays
    }
  }
  return replays
}

function isServerGone(error: unknown): boolean {
  return !(error instanceof ServerError) || error.problem.status >= 500
}
