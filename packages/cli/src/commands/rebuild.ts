import { type Client, isPassing, PATIENCE_MS, type RebuildAnswer, type RebuildStatus } from '@orchestrator/client'
import { type Clock, RetryableError } from '@orchestrator/shared/core'
import type { Command } from 'commander'
import type { CliContext } from '../context.ts'
import { describeRebuild, describeRebuilt } from '../output/describe-rebuild.ts'
import { toJsonLine } from '../output/machine.ts'
import { connect, type ServerOptions, withExamples, withServerOptions } from './options.ts'

interface RebuildFlags extends ServerOptions {
  readonly documents?: boolean
}

const LOOK_MS = 500

export function registerRebuild(program: Command, context: CliContext): void {
  const command = program
    .command('rebuild')
    .description(
      'make again from the ledger what people see of attempts, and return when it is current; submits are answered with 503 meanwhile, attempts go on',
    )
    .option('--documents', 'also the working documents of the launchers: workspaces, slots, branches')
    .action(async (flags: RebuildFlags) => {
      const client = await connect(context, flags)
      const startedMs = context.clock.monotonicMs()
      const answer = await client.orderRebuild({ body: { documents: flags.documents === true } })
      const status = await watch(context, { client, answer, json: flags.output === 'json' })
      const tookMs = context.clock.monotonicMs() - startedMs
      context.screen.show([])
      if (flags.output === 'json') context.screen.print(toJsonLine(status))
      else context.screen.print(describeRebuilt(status, tookMs))
      if (status.documents?.state === 'failed') {
        throw new RetryableError(
          'RUNTIME_UNAVAILABLE',
          `the documents were not made again: ${status.documents.problem ?? 'no reason was given'}; run it again`,
        )
      }
    })
  withExamples(withServerOptions(command), context, ['rebuild', 'rebuild --documents', 'rebuild -o json'])
}

interface Watch {
  readonly client: Client
  readonly answer: RebuildAnswer
  readonly json: boolean
}

/** Looks until everybody is through. A server that goes away meanwhile goes on with it when it is back. */
async function watch(context: CliContext, { client, answer, json }: Watch): Promise<RebuildStatus> {
  const { clock, screen, signal } = context
  let heardMs = clock.monotonicMs()
  let told = ''
  const behind = createBehind(answer, clock)
  for (;;) {
    const status = await look(client, answer)
    if (status instanceof Error) {
      if (!isPassing(status) || clock.monotonicMs() - heardMs > PATIENCE_MS) throw status
    } else {
      if (!behind(status) && status.done) return status
      if (!isLost(status, answer)) heardMs = clock.monotonicMs()
      else if (clock.monotonicMs() - heardMs > PATIENCE_MS) throw launcherGone()
      const lines = describeRebuild(status)
      if (screen.live) screen.show(lines)
      else if (json ? told === '' : lines.join() !== told) screen.print(json ? toJsonLine(status) : lines.join('\n'))
      told = lines.join()
    }
    await clock.sleep(LOOK_MS, signal)
  }
}

/**
 * True while a view that has answered before was not through then and does not answer now: it is busy, or was killed and
 * comes back as another; after a while it is not waited for any more.
 */
function createBehind({ views: number }: RebuildAnswer, clock: Clock): (status: RebuildStatus) => boolean {
  const waitedFor = new Map<string, number>()
  return ({ views }) => {
    const nowMs = clock.monotonicMs()
    for (const { replica, current, views: own } of views) {
      if (current && (own ?? 0) >= number) waitedFor.delete(replica)
      else waitedFor.set(replica, nowMs)
    }
    return [...waitedFor.values()].some((heardMs) => nowMs - heardMs <= PATIENCE_MS)
  }
}

async function look(client: Client, answer: RebuildAnswer): Promise<RebuildStatus | Error> {
  try {
    return await client.getRebuild({ query: { views: answer.views, documents: answer.documents ?? undefined } })
  } catch (error) {
    if (error instanceof Error) return error
    throw error
  }
}

function isLost({ documents }: RebuildStatus, answer: RebuildAnswer): boolean {
  return answer.documents !== null && documents === null
}

function launcherGone(): RetryableError {
  return new RetryableError(
    'RUNTIME_UNAVAILABLE',
    'the launcher that made the documents again is gone; what it has written is right: run it again for the rest',
  )
}
