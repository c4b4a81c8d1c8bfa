import { commandWays, describeSubmit } from '@orchestrator/client/texts'
import { DEFAULT_TAG } from '@orchestrator/shared/contracts'
import { printableLine, TerminalError } from '@orchestrator/shared/core'
import { Argument, type Command } from 'commander'
import type { CliContext } from '../../context.ts'
import { toJsonLine } from '../../output/machine.ts'
import { findPlatformCheckout, type FoundCheckout, platformFields } from '../../platform-checkout.ts'
import { connect, type ServerOptions, withExamples, withServerOptions } from '../options.ts'
import { readGuidance, type RequestFlags, toRequestBody, withRequestFlags } from './request-body.ts'
import { waitForEnd } from './wait-for-end.ts'

interface SubmitFlags extends ServerOptions, RequestFlags {
  /** Of earlier users. */
  readonly service?: string
  readonly tag: string
  readonly idempotencyKey?: string
  readonly wait?: boolean
}

export function registerSubmit(task: Command, context: CliContext): void {
  const taskId = new Argument('<taskId>', 'task of its platform repository, for example 1 or 7.2')
  const command = task
    .command('submit')
    .description('submit a task to an agent; for a task with earlier attempts this is a retry')
    .argument('<service>', 'service that the task is for, for example trader')
    .addArgument(taskId)
  withRequestFlags(command)
    .option('--tag <tag>', 'task list of the platform repository', DEFAULT_TAG)
    .option('--idempotency-key <key>', 'the same key never submits twice')
    .option('--wait', 'wait for the end, as "task wait" does')
    // Earlier users name the service by a flag: then the task stands alone.
    .on('option:service', () => {
      taskId.required = false
    })
    .action(async (first: string, second: string | undefined, flags: SubmitFlags) => {
      await submit(context, taskNamed(first, second, flags.service), flags)
    })
  withExamples(withServerOptions(command), context, [
    'task submit trader 1 --agent claude-agent-1 --repository-url git@github.com:myorg/trader.git --model sonnet',
    'task submit trader 2 -w trading-engine --wait',
    'task submit trader 1 --guidance-file notes.md --limit wallClockMinutes=60 --limit usd=5',
  ])
}

interface Task {
  readonly service: string
  readonly taskId: string
}

/** @throws TerminalError INPUT_INVALID when two services are named */
function taskNamed(first: string, second: string | undefined, service: string | undefined): Task {
  if (second === undefined) return { service: service ?? first, taskId: first }
  if (service === undefined || service === first) return { service: first, taskId: second }
  throw new TerminalError(
    'INPUT_INVALID',
    `--service ${JSON.stringify(service)} and ${JSON.stringify(first)} are two services: name one`,
  )
}

async function submit(context: CliContext, task: Task, flags: SubmitFlags): Promise<void> {
  const { screen, environment, stdin, cwd, signal } = context
  const client = await connect(context, flags)
  const guidance = await readGuidance({ flags, stdin })
  const { checkout, unusable }: FoundCheckout =
    flags.platformRepositoryUrl === undefined ? await findPlatformCheckout({ cwd, environment, signal }) : {}
  const warnings = [
    ...(unusable === undefined ? [] : [`${unusable}: its documents are not used`]),
    ...(flags.platformBranch === undefined ? (checkout?.warnings ?? []) : []),
  ]
  const overrides = toRequestBody(flags)
  const platform = platformFields(checkout)
  const body = {
    ...task,
    tag: flags.tag,
    guidance,
    ...overrides,
    platformRepositoryUrl: overrides.platformRepositoryUrl ?? platform.platformRepositoryUrl,
    platformBranch: overrides.platformBranch ?? platform.platformBranch,
    platformUser: overrides.platformUser ?? platform.platformUser,
  }
  const answer = await client.submitTask({ body, header: { 'Idempotency-Key': flags.idempotencyKey } })
  if (flags.output === 'json') {
    const found = checkout === undefined ? {} : { platformCheckout: { root: checkout.root, remote: checkout.remote } }
    screen.print(toJsonLine({ ...answer, ...found, ...(warnings.length > 0 && { checkoutWarnings: warnings }) }))
  } else {
    const platformSource =
      checkout === undefined ? {} : { platformSource: `remote ${checkout.remote} of ${checkout.root}` }
    const platformDetected = checkout !== undefined
    const ways = commandWays(environment.ORCHESTRATOR_COMMAND)
    screen.print(describeSubmit({ answer, ways, platformDetected, ...platformSource }))
    for (const warning of warnings) screen.warn(`warning: ${printableLine(warning)}`)
  }
  if (flags.wait === true) {
    await waitForEnd(context, { client, name: answer.attempt, output: flags.output, after: answer.sequence })
  }
}
