/** Commands whose answers may be longer than a screen. */
import type { Command } from 'commander'
import type { CliContext } from '../context.ts'
import { choosePager } from '../output/start-pager.ts'
import { givenOption } from './global-options.ts'

const PAGED = new WeakSet<Command>()
/** What is for a program, or goes on, is read otherwise. */
const UNPAGED = ['follow', 'raw', 'write']

export function withPager(command: Command): Command {
  PAGED.add(command)
  return command
}

export async function usePager(command: Command, { screen, environment, cwd }: CliContext): Promise<void> {
  if (!PAGED.has(command) || !screen.live || isUnpaged(command)) return
  const { ORCHESTRATOR_PAGER: own, PAGER: common, PATH: path } = environment
  const { command: pager, warning } = await choosePager({ own, common, path, cwd })
  if (warning !== undefined) screen.warn(warning)
  if (pager !== undefined) screen.page(pager)
}

function isUnpaged(command: Command): boolean {
  if (givenOption(command, 'pager') === false || command.getOptionValue('output') === 'json') return true
  return UNPAGED.some((name) => {
    const value: unknown = command.getOptionValue(name)
    return value !== undefined && value !== false
  })
}
