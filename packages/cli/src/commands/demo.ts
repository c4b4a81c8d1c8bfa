import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { TerminalError } from '@orchestrator/shared/core'
import { type Command, Option } from 'commander'
import type { CliContext } from '../context.ts'
import type { DemoAgent } from '../demo/agents/agent.ts'
import { findClaude } from '../demo/agents/find-claude.ts'
import { announcementOf, findCredentials, liveClaude } from '../demo/agents/live-claude.ts'
import { scriptAgent } from '../demo/agents/script.ts'
import { scriptedClaude } from '../demo/agents/scripted-claude.ts'
import { runDemo } from '../demo/run-demo.ts'
import { EXIT } from '../exit-codes.ts'
import { confirm } from './confirm.ts'
import { withExamples } from './options.ts'

const AGENTS = ['script', 'claude'] as const

interface DemoFlags {
  readonly agent?: (typeof AGENTS)[number]
  readonly live?: boolean
  readonly model: string
  readonly yes?: boolean
  readonly keep?: boolean
}

export function registerDemo(program: Command, context: CliContext): void {
  const { environment, screen, signal, exitWith } = context
  const command = program
    .command('demo')
    .description('run real tasks end to end in a folder of their own: a failed gate, a retry, a second task')
    .addOption(
      new Option('--agent <agent>', 'who works: a script, or a real Claude Code whose model is scripted')
        .choices(AGENTS)
        .default(undefined, 'script'),
    )
    .option('--live', 'a real Claude Code with your own credentials and a real model: names the cost and asks first')
    .option('--model <model>', 'the model of --live', 'sonnet')
    .option('-y, --yes', 'do not ask')
    .option('--keep', 'leave the folder there to look around')
    .action(async (flags: DemoFlags) => {
      const directory = await mkdtemp(join(tmpdir(), 'orchestrator-demo-'))
      try {
        await using agent = await chooseAgent(context, flags, directory)
        const asExpected = await runDemo({
          directory,
          agent,
          program: environment.ORCHESTRATOR_COMMAND,
          print: (line) => screen.print(line),
          signal,
        })
        if (asExpected) return
        screen.warn('The demonstration went otherwise than it should: see above.')
        exitWith(EXIT.failed)
      } finally {
        if (flags.keep === true) screen.print(`Kept: ${directory}`)
        else await rm(directory, { recursive: true, force: true })
      }
    })
  withExamples(command, context, ['demo', 'demo --keep', 'demo --agent claude', 'demo --live --model haiku'])
}

async function chooseAgent(context: CliContext, flags: DemoFlags, directory: string): Promise<DemoAgent> {
  if (flags.live === true) return await chooseLive(context, flags)
  if (flags.agent === 'claude')
    return await scriptedClaude({ program: await findClaude(context), directory, signal: context.signal })
  return scriptAgent()
}

async function chooseLive(context: CliContext, { agent, model, yes }: DemoFlags): Promise<DemoAgent> {
  const { environment, screen } = context
  if (agent === 'script')
    throw new TerminalError('INPUT_INVALID', '--live is with Claude Code: leave "--agent script" out')
  const program = await findClaude(context)
  const live = { program, model, environment, credentials: await findCredentials(environment) }
  // Said whoever answers: also a script's log shows what was agreed to.
  for (const line of announcementOf(live)) screen.warn(line)
  if (yes !== true)
    await confirm(context, {
      text: 'Spend that?',
      doing: 'a demonstration that costs money',
      refused: 'nothing was started, nothing spent',
    })
  return await liveClaude(live)
}
