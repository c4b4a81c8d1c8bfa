/** For tests: real repositories, and runners started exactly as a launcher starts them. */
import { randomUUID } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type AttemptFile, DEFAULT_LIMITS, type Limits, MARKER_VARIABLE } from '@orchestrator/shared/contracts'
import { createProcessTable } from '@orchestrator/shared/process'
import { createGitRemote, type GitRemote } from './git-remotes.ts'
import { type Runner, spawnRunner } from './runner-process.ts'
import { type Scenario, scriptedAgentCommand } from './scripted-agent.ts'
import { type TemporaryDirectory, temporaryDirectory } from './temporary-directory.ts'

export const TASK_BRANCH = 'feature/task-1-implementation'

export interface LaunchOrder {
  readonly scenario?: Scenario
  /** The attempt's number; also its epoch's sequence. */
  readonly n?: number
  readonly limits?: Partial<Limits>
  readonly gates?: AttemptFile['spec']['gates']
  readonly command?: [string, ...string[]]
  readonly change?: (file: AttemptFile) => AttemptFile
  readonly environment?: Readonly<Record<string, string>>
  /** Where the runner finds its programs; as this process when left out. */
  readonly path?: string
}

export interface Launched {
  readonly attempt: AttemptFile
  readonly folder: string
  readonly attemptDirectory: string
  /** Starts one more runner for the same attempt and waits until it is held. */
  spawnRunner(): Promise<Runner>
}

export interface LaunchFixture extends AsyncDisposable {
  readonly state: string
  readonly workspace: string
  readonly platform: GitRemote
  readonly target: GitRemote
  prepare(order: LaunchOrder): Promise<Launched>
  /** Prepares, spawns, lets go. */
  launch(order: LaunchOrder): Promise<Runner>
}

const table = createProcessTable()

/** `runnerMain` is the runner's program. */
export async function createLaunchFixture(runnerMain: string): Promise<LaunchFixture> {
  const state = await temporaryDirectory()
  const platform = await createGitRemote({
    files: {
      '.taskmaster/docs/task-1/task.md': '# Task 1\n\nWrite a greeting.\n',
      '.taskmaster/docs/task-1/acceptance-criteria.md': '- The gate "greets" passes\n- It is friendly\n',
    },
  })
  const target = await createGitRemote({ files: { 'README.md': 'A trader.\n' } })
  const markers: string[] = []
  const fixture: Omit<LaunchFixture, 'launch' | typeof Symbol.asyncDispose> = {
    state: state.path,
    workspace: join(state.path, 'workspaces', 'workspace-trader'),
    platform,
    target,
    prepare: async (order) => {
      const launched = await prepare({ fixture, runnerMain, order })
      markers.push(launched.attempt.submittedId)
      return launched
    },
  }
  return {
    ...fixture,
    launch: async (order) => {
      const runner = await (await fixture.prepare(order)).spawnRunner()
      await runner.go()
      return runner
    },
    [Symbol.asyncDispose]: async () => disposeAll({ markers, state, remotes: [platform, target] }),
  }
}

async function disposeAll(parts: {
  readonly markers: readonly string[]
  readonly state: TemporaryDirectory
  readonly remotes: readonly GitRemote[]
}): Promise<void> {
  for (const marker of parts.markers)
    while (table.withVariable(MARKER_VARIABLE, marker).length > 0) {
      table.signalAll(MARKER_VARIABLE, marker, 'SIGKILL')
      await new Promise(setImmediate)
    }
  for (const part of [parts.state, ...parts.remotes]) await part[Symbol.asyncDispose]()
}

interface Preparation {
  readonly fixture: Pick<LaunchFixture, 'state' | 'workspace' | 'platform' | 'target'>
  readonly runnerMain: string
  readonly order: LaunchOrder
}

async function prepare({ fixture, runnerMain, order }: Preparation): Promise<Launched> {
  const attempt = (order.change ?? ((file) => file))(toAttemptFile(fixture, order))
  const folder = join(fixture.state, 'launches', `${attempt.spec.name}-${randomUUID()}`)
  for (const name of ['files', 'held', 'lines', 'errors']) await mkdir(join(folder, name), { recursive: true })
  await mkdir(join(fixture.state, 'workspaces'), { recursive: true })
  await writeFile(
    join(folder, 'files', 'prompt.md'),
    'Write a greeting. $(id) {{mustache}}\n\n<!-- orchestrator:documents -->\n\n<!-- orchestrator:history -->\n',
  )
  await writeFile(join(folder, 'files', 'CLAUDE.md'), '# Memory\n')
  await writeFile(join(folder, 'attempt.json'), JSON.stringify(attempt))
  const environment = {
    PATH: order.path ?? process.env['PATH'] ?? '',
    LANG: 'C.UTF-8',
    HOME: join(fixture.state, 'homes', 'workspace-trader'),
    [MARKER_VARIABLE]: attempt.submittedId,
  }
  const attemptDirectory = join(fixture.workspace, 'tasks', 'master-1', `attempt-${attempt.spec.n}`)
  return {
    attempt,
    folder,
    attemptDirectory,
    spawnRunner: async () => spawnRunner({ runnerMain, folder, attemptDirectory, environment }),
  }
}

function toAttemptFile({ workspace, platform, target }: Preparation['fixture'], order: LaunchOrder): AttemptFile {
  const n = order.n ?? 1
  const name = `trader-claude-agent-1-task1-attempt${n}`
  return {
    v: 1,
    submittedId: randomUUID(),
    spec: {
      service: 'trader',
      tag: 'master',
      taskId: '1',
      n,
      name,
      workspace: 'workspace-trader',
      branch: TASK_BRANCH,
      agent: 'claude-agent-1',
      model: 'sonnet',
      repository: { url: target.url, branch: 'main', githubUser: 'claude-agent-1' },
      platform: { url: platform.url, branch: 'main', githubUser: 'claude-agent-1' },
      workingDirectory: '.',
      prompt: { mode: 'append' },
      limits: { ...DEFAULT_LIMITS, ...order.limits },
      gates: order.gates ?? [],
    },
    epoch: { generation: 1, sequence: n },
    workspaceDirectory: workspace,
    agent: {
      adapter: 'command',
      command: order.command ?? scriptedAgentCommand(order.scenario ?? []),
      environment: { ...order.environment },
    },
    files: [{ file: 'CLAUDE.md', destination: 'CLAUDE.md', executable: false }],
    promptFile: 'prompt.md',
    earlier: Array.from({ length: n - 1 }, (_, i) => ({
      n: i + 1,
      name: `trader-claude-agent-1-task1-attempt${i + 1}`,
      phase: 'Failed' as const,
      reason: 'GateFailed',
      message: 'It failed.',
      guidance: null,
      promptMode: 'append' as const,
    })),
    credentials: { gitEnvironment: {}, secretFiles: [] },
    stopGraceMs: 6000,
    holdLimitMs: 20_000,
  }
}
