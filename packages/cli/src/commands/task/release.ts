import type { Client, Workspace } from '@orchestrator/client'
import { DEFAULT_TAG } from '@orchestrator/shared/contracts'
import { printableLine, TerminalError } from '@orchestrator/shared/core'
import type { Command } from 'commander'
import type { CliContext } from '../../context.ts'
import { describeBusy, describeRelease, describeWorkspace } from '../../output/describe-workspace.ts'
import { toJsonLine } from '../../output/machine.ts'
import { confirm } from '../confirm.ts'
import { connect, type ServerOptions, withExamples, withServerOptions } from '../options.ts'

interface ReleaseFlags extends ServerOptions {
  readonly tag?: string
  readonly note?: string
  readonly yes?: boolean
  readonly machineGone?: boolean
}

interface Named {
  readonly service: string
  readonly taskId: string | undefined
  readonly tag: string | undefined
}

export function registerRelease(task: Command, context: CliContext): void {
  const command = task
    .command('release')
    .description(
      'vouch that nothing of an ended attempt runs any more, so that the next one gets the workspace; without a service: show what waits for such a word',
    )
    .argument('[service]', 'service whose workspace is busy')
    .argument('[taskId]', 'task whose attempt has the workspace: nothing is released if it is another one')
    .option('--tag <tag>', `task list of the platform repository (${DEFAULT_TAG} when a task is named)`)
    .option('--note <text>', 'how you know, for the others')
    .option('--machine-gone', 'of an attempt that has not ended: its machine is gone for good. It is ended as Unknown')
    .option('-y, --yes', 'do not ask')
    .action(async (service: string | undefined, taskId: string | undefined, flags: ReleaseFlags) => {
      const client = await connect(context, flags)
      if (service === undefined) await showBusy(context, client, flags)
      else await release(context, { client, named: { service, taskId, tag: flags.tag }, flags })
    })
  withExamples(withServerOptions(command), context, [
    'task release',
    'task release trader --note "the machine is switched off"',
    'task release trader 1 --yes -o json',
    'task release trader 1 --machine-gone --note "its disk burnt"',
  ])
}

async function showBusy({ screen, environment }: CliContext, client: Client, { output }: ReleaseFlags): Promise<void> {
  const list = await client.listWorkspaces({ query: { state: 'Busy' } })
  screen.print(output === 'json' ? toJsonLine(list) : describeBusy(list.workspaces, environment.ORCHESTRATOR_COMMAND))
}

interface Releasing {
  readonly client: Client
  readonly named: Named
  readonly flags: ReleaseFlags
}

async function release(context: CliContext, { client, named, flags }: Releasing): Promise<void> {
  const { screen, clock } = context
  const workspace = await client.getWorkspace({ path: { service: named.service } })
  const holder = holderOf(workspace, named)
  // A server that is asked all the same says best why not, or who has vouched before.
  const isMachineGone = flags.machineGone === true
  const isDue = workspace.state === 'Busy' || (isMachineGone && workspace.state === 'InUse')
  if (flags.yes !== true && isDue && holder.released === null) {
    await confirm(context, {
      text: describeWorkspace(workspace, clock.now()),
      doing: `releasing ${workspace.workspace}`,
      refused: 'not released',
    })
  }
  const { note } = flags
  const answer = await client.releaseWorkspace({
    path: { service: named.service },
    body: {
      attempt: holder.attempt,
      workloadUid: holder.workload?.uid,
      note,
      ...(isMachineGone ? { machineGone: true } : {}),
    },
  })
  screen.print(flags.output === 'json' ? toJsonLine(answer) : describeRelease(answer, workspace))
}

/** @throws TerminalError NOTHING_TO_RELEASE when nobody, or another task, has the workspace */
function holderOf({ workspace, holder, message }: Workspace, { taskId, tag }: Named): NonNullable<Workspace['holder']> {
  if (holder === null)
    throw new TerminalError('NOTHING_TO_RELEASE', `${workspace} is not busy: ${printableLine(message)}`)
  const wanted = tag ?? (taskId === undefined ? undefined : DEFAULT_TAG)
  if ((taskId === undefined || taskId === holder.taskId) && (wanted === undefined || wanted === holder.tag))
    return holder
  const asked = [
    taskId === undefined ? undefined : `task ${taskId}`,
    wanted === undefined ? undefined : `tag ${wanted}`,
  ]
  throw new TerminalError(
    'NOTHING_TO_RELEASE',
    `${workspace} is not with ${asked.filter((part) => part !== undefined).join(' of ')}: ${holder.attempt} has it (task ${holder.taskId}, tag ${holder.tag})`,
  )
}
