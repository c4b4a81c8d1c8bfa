import { TerminalError } from '@orchestrator/shared/core'
import { z } from 'zod'

/** What a launcher gives to the runner's process, and the only part of it that the agent sees too. */
const RunnerEnvironment = z.object({
  PATH: z.string().min(1).default('/usr/local/bin:/usr/bin:/bin'),
  /** The attempt's own home, never a person's. */
  HOME: z.string().startsWith('/'),
  LANG: z.string().min(1).default('C.UTF-8'),
})
export type RunnerEnvironment = z.infer<typeof RunnerEnvironment>

const RunnerArguments = z.tuple([z.string().startsWith('/'), z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/)])

export interface RunnerConfig {
  /** Absolute path of the launch folder. */
  readonly launchFolder: string
  /** Names this process among those started for the attempt. */
  readonly spawn: string
  readonly environment: RunnerEnvironment
}

/** @throws TerminalError CONFIG_INVALID */
export function readConfig(
  argv: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): RunnerConfig {
  const given = RunnerArguments.safeParse(argv)
  if (!given.success)
    throw new TerminalError('CONFIG_INVALID', 'usage: node main.ts <absolute launch folder> <spawn id>')
  const variables = RunnerEnvironment.safeParse(environment)
  if (!variables.success)
    throw new TerminalError('CONFIG_INVALID', `the environment is not valid: ${z.prettifyError(variables.error)}`)
  return { launchFolder: given.data[0], spawn: given.data[1], environment: variables.data }
}
