import { commandWays, describeSubmit } from '@orchestrator/client/texts'
import { DEFAULT_TAG } from '@orchestrator/shared/contracts'
import { TerminalError } from '@orchestrator/shared/core'
import type { Command } from 'commander'
import type { CliContext } from '../../context.ts'
import { toJsonLine } from '../../output/machine.ts'
import { connect, type ServerOptions, withExamples, withServerOptions } from '../options.ts'
import { readGuidance, type RequestFlags, toRequestBody, withRequestFlags } from './request-body.ts'
import { waitForEnd } from './wait-for-end.ts'

interface RetryFlags extends ServerOptions, RequestFlags {
  readonly tag: string
  readonly idempotencyKey?: string
  readonly wait?: boolean
}

export function registerRetry(task: Command, context: CliContext): void {
  const command = task
    .command('retry')
    .description('start the next attempt of a task with guidance; what is left out is taken from the attempt before')
    .argument('<service>', 'service that the task is for')
    .argument('<taskId>', 'task to try again')
  withRequestFlags(command)
    .option('--tag <tag>', 'task list of the platform repository', DEFAULT_TAG)
    .option('--idempotency-key <key>', 'the same key never submits twice')
    .option('--wait', 'wait for the end, as "task wait" does')
    .action(async (service: string, taskId: string, flags: RetryFlags) => {
      await retry(context, { service, taskId }, flags)
    })
  withExamples(withServerOptions(command), context, [
    `task retry trader 1 --guidance "Use the reqwest crate instead of curl."`,
    'task retry trader 1 --guidance-file - < notes.md',
    'task retry trader 1 --previous 2 --prompt-mode replace --guidance "Only fix the failing test." --wait',
  ])
}

async function retry(context: CliContext, task: { service: string; taskId: string }, flags: RetryFlags): Promise<void> {
  const { screen, environment, stdin } = context
  const guidance = await readGuidance({ flags, stdin })
  if (guidance === undefined) {
    throw new TerminalError(
      'INPUT_INVALID',
      'a retry needs guidance: say what to do differently with --guidance or --guidance-file',
    )
  }
  const client = await connect(context, flags)
  const answer = await client.retryTask({
    path: { service: task.service, id: task.taskId },
    query: { tag: flags.tag === DEFAULT_TAG ? undefined : flags.tag },
    header: { 'Idempotency-Key': flags.idempotencyKey },
    body: { ...toRequestBody(flags), guidance },
  })
  if (flags.output === 'json') screen.print(toJsonLine(answer))
  else
    screen.print(
      describeSubmit({ answer, ways: commandWays(environment.ORCHESTRATOR_COMMAND), platformDetected: false }),
    )
  if (flags.wait === true) {
    await waitForEnd(context, { client, name: answer.attempt, output: flags.output, after: answer.sequence })
  }
}
