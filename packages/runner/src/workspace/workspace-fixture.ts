// oxlint-disable no-restricted-imports, node/no-process-env -- only tests import this file
/** A workspace, its two remotes and somebody who plays the agent: for the tests of this folder. */
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import type { AttemptFile, RunnerLineBody } from '@orchestrator/shared/contracts'
import { systemClock } from '@orchestrator/shared/core'
import { createGit, type Git } from '@orchestrator/shared/git'
import { createGitRemote, type GitRemote } from '@orchestrator/testing'
import { createRedaction } from '../lines/redaction.ts'
import type { LineLog, Tenancy, Workspace } from '../ports.ts'
import { enterTenancy } from './tenancy.ts'
import { createWorkspace } from './workspace.ts'

const execute = promisify(execFile)
const PATH = process.env['PATH'] ?? '/usr/bin:/bin'

export const DOCUMENTS = {
  '.taskmaster/docs/task-1/task.md': '# Task 1\n',
  '.taskmaster/docs/task-1/acceptance-criteria.md': '- [ ] It works\n- [x] It is tested\n',
  '.taskmaster/docs/task-1/architecture.md': 'Simple.\n',
  '.taskmaster/docs/task-2/task.md': '# Task 2\n',
  '.taskmaster/docs/task-2/acceptance-criteria.md': '1. Also this\n',
} as const

export interface AttemptChoice {
  readonly service?: string
  readonly tag?: string
  readonly taskId?: string
  readonly n?: number
  readonly branch?: string
  readonly baseBranch?: string
  readonly url?: string
  readonly workingDirectory?: string
  readonly sequence?: number
  readonly generation?: number
  readonly files?: AttemptFile['files']
  readonly tools?: NonNullable<AttemptFile['tools']>
}

export interface Visit extends AsyncDisposable {
  readonly workspace: Workspace
  readonly tenancy: Tenancy
  readonly attempt: AttemptFile
  readonly lines: readonly RunnerLineBody[]
  /** Texts of the notes so far. */
  notes(): string
}

export interface VisitOptions {
  readonly signal?: AbortSignal
  /** Stands between the workspace and git. */
  readonly through?: (git: Git) => Git
  readonly environment?: Readonly<Record<string, string>>
  readonly pushDirectory?: string
}

export interface Bench extends AsyncDisposable {
  readonly state: string
  readonly root: string
  readonly pushDirectory: string
  readonly platform: GitRemote
  readonly target: GitRemote
  attempt(choice?: AttemptChoice): AttemptFile
  /** Enters the workspace as a runner does. Dispose to leave it. */
  visit(choice?: AttemptChoice, options?: VisitOptions): Promise<Visit>
  /** As `visit`, with documents and repository prepared and the root laid. */
  arrive(choice?: AttemptChoice, options?: VisitOptions): Promise<Visit>
  /** The agent's own git in `target-repo/`: plain, with all that its configuration says. */
  agentGit(...args: readonly string[]): Promise<string>
  /** Writes one file and commits; returns the sha. */
  agentCommits(path: string, text: string): Promise<string>
  /** One attempt that commits `trader/task<id>-<n>.ts` and pushes it; returns the sha. */
  attemptThatPushes(n?: number, taskId?: string): Promise<string>
  write(path: string, text: string): Promise<void>
  read(path: string): Promise<string>
}

export async function createBench(
  options: {
    readonly documents?: Readonly<Record<string, string>>
    readonly files?: Readonly<Record<string, string>>
  } = {},
): Promise<Bench> {
  const state = await mkdtemp(join(tmpdir(), 'orchestrator-workspace-'))
  const platform = await createGitRemote({ files: options.documents ?? DOCUMENTS })
  const target = await createGitRemote({
    files: options.files ?? { 'README.md': 'hello\n', 'trader/index.ts': 'export {}\n', '.gitignore': 'ignored/\n' },
  })
  await mkdir(join(state, 'workspaces'))
  await mkdir(join(state, 'rendered'))
  return new LocalBench(state, platform, target)
}

export interface Surroundings {
  readonly workspaceDirectory: string
  readonly target: string
  readonly platform: string
}

export function attemptFileFor(
  choice: AttemptChoice,
  { workspaceDirectory, target, platform }: Surroundings,
): AttemptFile {
  const { service = 'trader', tag = 'master', taskId = '1', n = 1 } = choice
  return {
    v: 1,
    submittedId: `event-${service}-${tag}-${taskId}-${n}`,
    spec: {
      service,
      tag,
      taskId,
      n,
      name: `${service}-claude-task${taskId.replaceAll('.', '-')}-attempt${n}`,
      workspace: `workspace-${service}`,
      branch: choice.branch ?? `feature/task-${taskId}-implementation`,
      agent: 'claude',
      model: 'sonnet',
      repository: { url: choice.url ?? target, branch: choice.baseBranch ?? 'main', githubUser: 'claude-agent-1' },
      platform: { url: platform, branch: 'main', githubUser: 'claude-agent-1' },
      workingDirectory: choice.workingDirectory ?? 'trader',
      prompt: { mode: 'append' },
      limits: { wallClockMinutes: 1, idleMinutes: 1, usd: null, turns: null },
      gates: [],
    },
    epoch: { generation: choice.generation ?? 1, sequence: choice.sequence ?? 1 },
    workspaceDirectory,
    agent: { adapter: 'command', command: ['true'], environment: {} },
    files: choice.files ?? [],
    promptFile: 'prompt.md',
    earlier: [],
    ...(choice.tools !== undefined && { tools: choice.tools }),
    credentials: { gitEnvironment: {}, secretFiles: [] },
    stopGraceMs: 1000,
    holdLimitMs: 1000,
  }
}

class LocalBench implements Bench {
  readonly state: string
  readonly platform: GitRemote
  readonly target: GitRemote
  #sequence = 0

  constructor(state: string, platform: GitRemote, target: GitRemote) {
    this.state = state
    this.platform = platform
    this.target = target
  }

  get root(): string {
    return join(this.state, 'workspaces', 'workspace-trader')
  }

  get pushDirectory(): string {
    return join(this.state, 'push')
  }

  attempt(choice: AttemptChoice = {}): AttemptFile {
    this.#sequence += 1
    const workspaceDirectory = join(this.state, 'workspaces', `workspace-${choice.service ?? 'trader'}`)
    return attemptFileFor(
      { sequence: this.#sequence, ...choice },
      { workspaceDirectory, target: this.target.url, platform: this.platform.url },
    )
  }

  async visit(
    choice: AttemptChoice = {},
    {
      signal = new AbortController().signal,
      through = (git) => git,
      environment = {},
      pushDirectory = this.pushDirectory,
    }: VisitOptions = {},
  ): Promise<Visit> {
    const attempt = this.attempt(choice)
    const tenancy = await enterTenancy({ attempt, workloadUid: `boot:${process.pid}:1` })
    const lines: RunnerLineBody[] = []
    const log: LineLog = {
      write: (body) => lines.push(body),
      get lines() {
        return lines.length
      },
    }
    const plain = { executable: 'git', home: this.state, secrets: [] }
    const remote = through(createGit({ ...plain, environment: { PATH, ...environment } }))
    const localGit = through(createGit({ ...plain, environment: { PATH } }))
    return {
      workspace: createWorkspace({
        attempt,
        remotes: { platform: remote, target: remote },
        localGit,
        log,
        pushDirectory,
        signal,
        tenancy,
        redaction: createRedaction([]),
        clock: systemClock,
      }),
      tenancy,
      attempt,
      lines,
      notes: () => lines.map((line) => (line.kind === 'note' ? line.text : '')).join('\n'),
      [Symbol.asyncDispose]: () => tenancy[Symbol.asyncDispose](),
    }
  }

  async arrive(choice: AttemptChoice = {}, options: VisitOptions = {}): Promise<Visit> {
    const visit = await this.visit(choice, options)
    try {
      const { tools } = await visit.workspace.prepareDocuments()
      const { languages } = await visit.workspace.prepareTarget()
      await visit.workspace.layFiles({ sourceDirectory: join(this.state, 'rendered'), knowledge: { tools, languages } })
      return visit
    } catch (error) {
      await visit[Symbol.asyncDispose]()
      throw error
    }
  }

  async agentGit(...args: readonly string[]): Promise<string> {
    const env = { PATH, HOME: this.state, LC_ALL: 'C', GIT_CONFIG_NOSYSTEM: '1', GIT_TERMINAL_PROMPT: '0' }
    const { stdout } = await execute('git', [...args], { cwd: join(this.root, 'target-repo'), env })
    return stdout.trim()
  }

  async agentCommits(path: string, text: string): Promise<string> {
    await this.write(`target-repo/${path}`, text)
    await this.agentGit('add', '--all')
    await this.agentGit('commit', '--quiet', '-m', `Change ${path}`)
    return await this.agentGit('rev-parse', 'HEAD')
  }

  async attemptThatPushes(n = 1, taskId = '1'): Promise<string> {
    await using visit = await this.arrive({ n, taskId })
    await this.agentCommits(`trader/task${taskId}-${n}.ts`, `${n}\n`)
    return await visit.workspace.push()
  }

  async write(path: string, text: string): Promise<void> {
    await mkdir(dirname(join(this.root, path)), { recursive: true })
    await writeFile(join(this.root, path), text)
  }

  read(path: string): Promise<string> {
    return readFile(join(this.root, path), 'utf8')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([
      this.platform[Symbol.asyncDispose](),
      this.target[Symbol.asyncDispose](),
      rm(this.state, { recursive: true, force: true }),
    ])
  }
}
