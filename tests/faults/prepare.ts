/** What a round needs before anything is started: repositories, settings, folders. */
import { execFile } from 'node:child_process'
import { cp, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import type { Settings } from '@orchestrator/shared/contracts'
import { createGitRemote, scriptedAgentCommand, temporaryDirectory } from '@orchestrator/testing'
import type { z } from 'zod'
import { type Schedule, TASKS, WORKSPACES } from './schedule.ts'

/** Made once for all rounds. */
export interface Repositories extends AsyncDisposable {
  readonly platformUrl: string
  /** A bare repository: each round has copies of it as its targets. */
  readonly seed: string
  /** Where services find themselves compiled: starting them is much of the work of a round. */
  readonly compiled: string
}

const MARK = join(import.meta.dirname, 'agent-mark.sh')
const AGENT = 'claude-agent-1'

export async function createRepositories(): Promise<Repositories> {
  await using stack = new AsyncDisposableStack()
  const documents = TASKS.flatMap((id) => [
    [`.taskmaster/docs/task-${id}/task.md`, `# Task ${id}\n\nDo it.\n`],
    [`.taskmaster/docs/task-${id}/acceptance-criteria.md`, '- [ ] it is done\n'],
  ])
  const platform = stack.use(await createGitRemote({ files: Object.fromEntries(documents) }))
  const seed = stack.use(await createGitRemote({ files: { 'README.md': '# A service\n' } }))
  const compiled = stack.use(await temporaryDirectory())
  const owned = stack.move()
  return {
    platformUrl: platform.url,
    seed: seed.path,
    compiled: compiled.path,
    [Symbol.asyncDispose]: async () => await owned.disposeAsync(),
  }
}

export interface Preparation {
  readonly folder: string
  readonly schedule: Schedule
  readonly repositories: Repositories
  readonly sinkUrl: string
}

/** @returns the settings file */
export async function prepareRound({ folder, schedule, repositories, sinkUrl }: Preparation): Promise<string> {
  for (const name of ['logs', 'state', 'remotes', 'agents']) await mkdir(join(folder, name))
  for (const service of WORKSPACES) await cp(repositories.seed, remoteOf(folder, service), { recursive: true })
  const settings: z.input<typeof Settings> = {
    defaults: { platformRepositoryUrl: repositories.platformUrl, agent: AGENT },
    services: Object.fromEntries(
      WORKSPACES.map((service) => [service, { repositoryUrl: pathToFileURL(remoteOf(folder, service)).href }]),
    ),
    agents: { [AGENT]: { adapter: 'command', command: agentCommand(folder, schedule.agentMs) } },
    caps: schedule.cap === undefined ? {} : { global: schedule.cap },
    channels: { webhooks: [{ name: 'sink', url: sinkUrl }] },
  }
  const file = join(folder, 'settings.json')
  await writeFile(file, JSON.stringify(settings))
  return file
}

/** Works a little, says a lot. */
function agentCommand(folder: string, ms: number): string[] {
  const mark = (what: string): ['sh', ...string[]] => ['sh', MARK, agentsFolder(folder), what]
  return scriptedAgentCommand([
    { do: 'run', command: mark('begin'), required: true },
    // Its runner ends it; where the runner was killed, somebody else has to before the next attempt begins.
    { do: 'leave', seconds: 60, ownSession: true },
    { do: 'flood', lines: 40, lineBytes: 60 },
    { do: 'say', text: 'half of it is done' },
    { do: 'sleep', ms },
    { do: 'flood', lines: 40, lineBytes: 200 },
    { do: 'run', command: mark('end'), required: true },
  ])
}

function remoteOf(folder: string, service: string): string {
  return join(folder, 'remotes', `${service}.git`)
}

/** Where agents write down what they do. */
export function agentsFolder(folder: string): string {
  return join(folder, 'agents')
}

/** Every commit that any branch of the targets holds. */
export async function readCommits(folder: string): Promise<ReadonlySet<string>> {
  const lists = await Promise.all(
    WORKSPACES.map(
      async (service) => await promisify(execFile)('git', ['rev-list', '--all'], { cwd: remoteOf(folder, service) }),
    ),
  )
  return new Set(lists.flatMap(({ stdout }) => stdout.split('\n').filter((line) => line !== '')))
}
