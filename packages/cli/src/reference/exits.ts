import type { Command } from 'commander'
import { EXIT_NAMES, type ExitName } from '../exit-codes.ts'

const ALWAYS: readonly ExitName[] = ['ok', 'failed', 'usage', 'interrupted']
const OF_AN_END: readonly ExitName[] = ['stopped', 'timedOut', 'unknown']
const OF_SOMETHING_NAMED: readonly ExitName[] = ['notFound', 'conflict']

/** How a command can end, by what it does; the program as a whole in every way. The lowest code first. Pure. */
export function exitsOf(command: Command): readonly ExitName[] {
  const flags = new Set(command.options.map(({ long }) => long))
  const asksServer = flags.has('--server')
  const can = new Set<ExitName>([
    ...ALWAYS,
    ...(asksServer ? (['unreachable'] as const) : []),
    ...(asksServer && command.registeredArguments.length > 0 ? OF_SOMETHING_NAMED : []),
    ...(flags.has('--wait') || command.name() === 'wait' ? OF_AN_END : []),
    ...(flags.has('--timeout') ? (['waitedEnough'] as const) : []),
  ])
  return EXIT_NAMES.filter((name) => command.parent === null || can.has(name))
}
