/** What this release writes: every contract, with every optional field set at least once. */
import {
  type AgentOrder,
  type ArchiveHead,
  type AttemptFile,
  type AttemptFinished,
  type AttemptProgressed,
  type AttemptSpec,
  type AttemptStarted,
  type AttemptView,
  type BackupManifest,
  type BackupRecord,
  type BranchDocument,
  type ClaimFile,
  type CONTRACTS,
  type DeadLetter,
  type DeadLetterDetail,
  type DeadLetterPage,
  type DeadLetterView,
  DEFAULT_LIMITS,
  type DeliveryDocument,
  type Gates,
  type GoFile,
  type HeldFile,
  type LeaseDocument,
  type LogBatchHead,
  NO_USAGE,
  type Problem,
  type QueueEntry,
  type ReleaseAnswer,
  type ReleaseBody,
  type ReplayAnswer,
  type ReplayEnd,
  type ReplayRequest,
  type ResultRecord,
  type RetryBody,
  type RunnerLine,
  type Settings,
  type SlotDocument,
  STEPS,
  type StopFile,
  type StopRequested,
  type SubmitAnswer,
  type SubmitInput,
  type TaskSubmitted,
  type TokenAnswer,
  type TokenBody,
  type TokenDocument,
  type TokenList,
  type ToolChoice,
  type WorkspaceDocument,
  type WorkspaceReleased,
  type WorkspaceView,
} from '@orchestrator/shared/contracts'
import type { z } from 'zod'

const TIME = '2026-01-01T00:00:00.000Z'
const SHA = 'a'.repeat(40)
const BOOT = '11111111-1111-1111-1111-111111111111'
const UID = `${BOOT}:42:4711`
const TASK = { service: 'trader', tag: 'master', taskId: '1.2' } as const
const NAME = 'trader-claude-agent-1-task1-2-attempt1'
const BRANCH = 'feature/task-1.2-implementation'
const REPOSITORY = { url: 'git@github.com:org/trader.git', branch: 'main', githubUser: 'claude-agent-1' }
const PERSON = { door: 'cli', caller: 'local' } as const
const GATES = [
  { name: 'tests', command: ['npm', 'test'], timeoutSeconds: 60 },
  { name: 'lint', command: ['npm', 'run', 'lint'] },
]
const USAGE = { toolCalls: 3, inputTokens: 100, outputTokens: 50, costUsd: 0.25, turns: 2 }
const EPOCH = { generation: 1, sequence: 9 }

const spec: AttemptSpec = {
  ...TASK,
  n: 1,
  name: NAME,
  workspace: 'workspace-trader',
  branch: BRANCH,
  agent: 'claude-agent-1',
  model: 'sonnet',
  repository: REPOSITORY,
  platform: { ...REPOSITORY, url: 'https://github.com/org/platform.git' },
  workingDirectory: 'trader',
  prompt: { mode: 'append' },
  limits: DEFAULT_LIMITS,
  gates: [],
}
const retry: AttemptSpec = {
  ...spec,
  n: 2,
  name: 'trader-claude-agent-1-task1-2-attempt2',
  prompt: { mode: 'replace', guidance: 'Use reqwest.' },
  limits: { wallClockMinutes: 30, idleMinutes: 5, usd: 3.5, turns: 40 },
  gates: GATES,
}

const envelope = (subject: string) =>
  ({
    specversion: '1.0',
    id: '6f1f7f0e-0000-4000-8000-000000000001',
    source: '/orchestrator/submitter',
    subject,
    time: TIME,
    datacontenttype: 'application/json',
  }) as const

const summary = {
  branch: BRANCH,
  pushedSha: SHA,
  commits: 1,
  diffStat: { files: 1, insertions: 2, deletions: 3 },
  gates: [{ name: 'tests', passed: true, exitCode: 0, durationMs: 12.5 }],
  flags: [{ kind: 'OutOfScope', detail: 'README.md' }],
  usage: USAGE,
  durationMs: 60_000,
  brief: '# Done',
  digest: 'd'.repeat(64),
}

const tokenView = {
  name: 'ci',
  scopes: ['submit'],
  services: null,
  createdAt: TIME,
  createdBy: 'lead',
  expiresAt: TIME,
  revokedAt: null,
  revokedBy: null,
} satisfies Partial<TokenDocument>

const letterView: DeadLetterView = {
  sequence: 3,
  at: TIME,
  durable: 'notifier',
  stream: 'TASKS',
  messageSequence: 7,
  subject: 'task.trader.master.1_2',
  reason: 'rejected',
  tries: 1,
  text: 'answered 404',
  channel: 'team',
  state: 'failed',
  replayedAt: TIME,
  endedAt: TIME,
  endText: null,
  failedAs: 9,
}

const entry: QueueEntry = {
  ...TASK,
  n: 1,
  name: NAME,
  agent: 'claude-agent-1',
  submittedId: 'submitted-1',
  sequence: 7,
  stopRequested: false,
}

const order: AgentOrder = {
  adapter: 'command',
  command: ['agent'],
  environment: { MODE: 'fast' },
  credentialFiles: { MODEL_KEY: '/etc/orchestrator/model-key' },
}
const line = { seq: 1, time: TIME }
const gate = { name: 'tests', passed: false, exitCode: null, timedOut: true, durationMs: 5 }

const record: ResultRecord = {
  v: 1,
  submittedId: 'submitted-1',
  name: NAME,
  outcome: 'Succeeded',
  reason: 'GatesPassed',
  message: 'All gates passed.',
  verified: true,
  startedAt: TIME,
  endedAt: TIME,
  durationMs: 60_000,
  branch: BRANCH,
  baseSha: SHA,
  pushedSha: SHA,
  commits: [{ sha: SHA, author: 'claude-agent-1', subject: 'Add an order book' }],
  diffStat: summary.diffStat,
  gates: [{ ...gate, command: ['npm', 'test'], tail: 'ok', logFile: 'gates/tests.log' }],
  observedTests: [{ command: 'npm test', exitCode: 0, durationMs: 3 }],
  criteria: [{ text: 'It trades.', evidence: 'none' }],
  flags: summary.flags,
  steps: STEPS.map((step) => ({ step, startedAt: TIME, durationMs: 1, ok: true })),
  git: [{ repository: 'target', operation: 'push', ok: false, durationMs: 1, problem: 'rejected' }],
  usage: USAGE,
  agent: { adapter: 'command', exitCode: 0, signal: null, durationMs: 5, sessionId: 's', lastText: 'Done.' },
  savedWork: ['tasks/master-1/attempt-1/saved'],
  brief: '# Done',
  lines: 12,
}

const answer: SubmitAnswer = {
  task: TASK,
  attempt: NAME,
  n: 1,
  agent: 'claude-agent-1',
  model: 'sonnet',
  repository: REPOSITORY,
  platform: REPOSITORY,
  workingDirectory: 'trader',
  workingDirectoryKind: 'default',
  workspace: 'workspace-trader',
  workspaceIsNew: true,
  branch: BRANCH,
  branchIsNew: true,
  guidance: null,
  promptMode: 'append',
  previous: null,
  limits: DEFAULT_LIMITS,
  sources: { agent: 'request', model: 'built-in' },
  ahead: 0,
  repeated: false,
  warnings: [],
  next: ['Follow it.'],
  sequence: 7,
}

const view: AttemptView = {
  ...TASK,
  name: NAME,
  n: 1,
  agent: 'claude-agent-1',
  model: 'sonnet',
  phase: 'Running',
  reason: null,
  message: null,
  step: 'implementing',
  ahead: null,
  usage: USAGE,
  lastText: 'Let me see.',
  lastActions: ['Bash: make'],
  repository: REPOSITORY,
  platform: REPOSITORY,
  workingDirectory: 'trader',
  workspace: 'workspace-trader',
  branch: BRANCH,
  guidance: 'Use reqwest.',
  promptMode: 'append',
  limits: DEFAULT_LIMITS,
  sources: {},
  previous: null,
  requestedBy: PERSON,
  submittedAt: TIME,
  startedAt: TIME,
  finishedAt: null,
  stopRequested: false,
  verified: null,
  result: null,
  latest: true,
  sequence: 7,
  lastSequence: 9,
}

const overridable = {
  agent: 'claude-agent-1',
  model: 'sonnet',
  repositoryUrl: REPOSITORY.url,
  branch: 'main',
  githubUser: 'claude-agent-1',
  platformRepositoryUrl: 'https://github.com/org/platform.git',
  platformBranch: 'main',
  platformUser: 'lead',
  workingDirectory: 'trader',
  promptMode: 'append',
  limits: { wallClockMinutes: 30, idleMinutes: 5, usd: 1, turns: 10 },
  gates: GATES,
  previous: 1,
} as const satisfies Partial<SubmitInput>

const release = { workloadUid: UID, requestedBy: PERSON, note: 'looked at the machine', at: TIME, sequence: 11 }

const claude: AgentOrder = {
  adapter: 'claude',
  program: 'claude',
  environment: {},
  credentialFiles: { ANTHROPIC_API_KEY: '/etc/orchestrator/key' },
  loginDirectory: '/home/lead',
}
const TOOLS: ToolChoice = {
  remoteTools: ['rustdocs_query_rust_docs'],
  localServers: {
    files: {
      command: 'npx',
      args: ['server', '/workspace'],
      env: { MODE: 'read' },
      tools: ['read_file'],
      workingDirectory: 'project_root',
    },
  },
}

const attemptFile: AttemptFile = {
  v: 1,
  submittedId: 'submitted-1',
  spec: retry,
  epoch: EPOCH,
  workspaceDirectory: '/state/workspaces/workspace-trader',
  agent: order,
  files: [{ file: 'prompt.md', destination: 'tasks/master-1.2/attempt-2/prompt.md', executable: false }],
  promptFile: 'prompt.md',
  earlier: [
    {
      n: 1,
      name: NAME,
      phase: 'Failed',
      reason: 'GateFailed',
      message: 'The gate failed.',
      guidance: null,
      promptMode: 'append',
    },
  ],
  tools: { hasToolman: true, fallback: TOOLS },
  credentials: { gitEnvironment: { SSH_AUTH_SOCK: '/agent' }, secretFiles: ['/secret'] },
  stopGraceMs: 30_000,
  holdLimitMs: 30_000,
}

const viewReport = { replica: 'one', views: 2, current: true, sequence: 9, of: 9 }
const documentsReport = {
  id: 'rebuild-1',
  state: 'done',
  sequence: 9,
  of: 9,
  written: { workspaces: 1, slots: 0, branches: 1 },
  problem: null,
} as const

type Samples = { readonly [Name in keyof typeof CONTRACTS]?: readonly unknown[] }

const SAMPLES = {
  'task.submitted': [
    {
      ...envelope(NAME),
      type: 'task.submitted',
      data: { attempt: spec, sources: {}, requestedBy: PERSON, requestHash: 'hash' },
    },
    {
      ...envelope(retry.name),
      type: 'task.submitted',
      data: {
        attempt: retry,
        sources: { agent: 'previous', limits: 'request', gates: 'service' },
        requestedBy: PERSON,
        requestHash: 'hash',
        idempotencyKey: 'cli/local/key',
        previous: { n: 1, name: NAME },
      },
    },
  ] satisfies TaskSubmitted[],
  'task.stopRequested': [
    {
      ...envelope(NAME),
      type: 'task.stopRequested',
      data: { name: NAME, requestedBy: PERSON, note: 'wrong architecture' },
    },
  ] satisfies StopRequested[],
  'attempt.started': [
    {
      ...envelope(NAME),
      type: 'attempt.started',
      data: {
        name: NAME,
        submittedId: 'submitted-1',
        runtime: 'process',
        location: 'machine',
        workloadUid: UID,
        epoch: EPOCH,
        branch: BRANCH,
        repository: 'github.com/org/trader',
      },
    },
  ] satisfies AttemptStarted[],
  'attempt.finished': [
    {
      ...envelope(NAME),
      type: 'attempt.finished',
      data: {
        name: NAME,
        submittedId: 'submitted-1',
        phase: 'Succeeded',
        reason: 'GatesPassed',
        message: 'All gates passed.',
        verified: true,
        result: summary,
        logs: { lines: 12, gaps: 0 },
      },
    },
    {
      ...envelope(NAME),
      type: 'attempt.finished',
      data: {
        name: NAME,
        submittedId: 'submitted-1',
        phase: 'Unknown',
        reason: 'WorkloadLost',
        message: 'It ended without a result.',
        verified: false,
      },
    },
  ] satisfies AttemptFinished[],
  'attempt.progressed': [
    {
      ...envelope(NAME),
      type: 'attempt.progressed',
      data: { name: NAME, phase: 'Queued', reason: 'WaitingForWorkspace', message: 'behind another', ahead: 1 },
    },
    {
      ...envelope(NAME),
      type: 'attempt.progressed',
      data: {
        name: NAME,
        phase: 'Running',
        step: 'testing',
        usage: NO_USAGE,
        lastText: 'Let me see.',
        lastActions: ['Bash: make'],
        line: 12,
      },
    },
  ] satisfies AttemptProgressed[],
  'workspace.released': [
    {
      ...envelope('workspace-trader'),
      type: 'workspace.released',
      data: {
        workspace: 'workspace-trader',
        workloadUid: UID,
        name: NAME,
        requestedBy: PERSON,
        note: 'looked at the machine',
      },
    },
  ] satisfies WorkspaceReleased[],
  'dead-letters.letter': [
    {
      v: 1,
      durable: 'notifier',
      stream: 'TASKS',
      sequence: 7,
      subject: 'task.trader.master.1_2',
      reason: 'rejected',
      tries: 8,
      text: 'answered 404',
      channel: 'team',
    },
  ] satisfies DeadLetter[],
  'dead-letters.replay': [{ v: 1, stream: 'TASKS', sequence: 7, channel: 'team' }] satisfies ReplayRequest[],
  'dead-letters.replayed': [
    { v: 1, outcome: 'handled' },
    { v: 1, outcome: 'failed', text: 'answered 404', next: 9 },
  ] satisfies ReplayEnd[],
  'document.workspace': [
    { v: 1, service: 'trader', grant: null, entries: [entry], overflowAfter: 7 },
    {
      v: 1,
      service: 'trader',
      grant: { ...entry, epoch: EPOCH, slots: ['global.0'], workloadUid: UID, finished: false },
      entries: [],
      overflowAfter: null,
    },
  ] satisfies WorkspaceDocument[],
  'document.slot': [{ v: 1, service: 'trader', name: NAME, submittedId: 'submitted-1' }] satisfies SlotDocument[],
  'document.branch': [
    { v: 1, ...TASK, repository: 'github.com/org/trader', branch: BRANCH },
  ] satisfies BranchDocument[],
  'document.lease': [{ v: 1, holder: 'someone', beat: 3 }] satisfies LeaseDocument[],
  'document.token': [
    { v: 1, ...tokenView, hash: 'a'.repeat(64), services: ['trader'] },
    { v: 1, ...tokenView, hash: 'a'.repeat(64), scopes: ['admin'] },
  ] satisfies TokenDocument[],
  'document.delivery': [
    { v: 1, channel: 'team', ...TASK, dirty: 9, sent: 7, holder: '', beat: 1 },
    { v: 1, channel: 'team', ...TASK, dirty: 9, sent: 9, again: [{ sequence: 7, letter: 3 }], holder: '', beat: 1 },
    { v: 1, channel: 'chat', ...TASK, dirty: 9, sent: 9, holder: '', beat: 1, root: 'C1/1700000000.1' },
  ] satisfies DeliveryDocument[],
  'runner.attempt-file': [attemptFile, { ...attemptFile, agent: claude }],
  'runner.held-file': [
    { v: 1, submittedId: 'submitted-1', workloadUid: UID, spawn: 's', pid: 42, bootId: BOOT, startTicks: '4711' },
  ] satisfies HeldFile[],
  'runner.go-file': [{ v: 1, workloadUid: UID }] satisfies GoFile[],
  'runner.stop-file': [
    { v: 1, requestedBy: 'lead' },
    { v: 1, requestedBy: 'the launcher', cause: 'deadline' },
  ] satisfies StopFile[],
  'runner.claim-file': [{ v: 1, submittedId: 'submitted-1', workloadUid: UID }] satisfies ClaimFile[],
  'runner.line': [
    { ...line, kind: 'step', step: 'claim', message: 'taken' },
    { ...line, kind: 'note', level: 'warning', text: 'saved' },
    { ...line, kind: 'output', stream: 'stdout', text: 'hello', cut: 3 },
    { ...line, kind: 'text', text: 'Let me see.' },
    { ...line, kind: 'tool', tool: 'Bash', summary: 'make', ok: true, durationMs: 3 },
    { ...line, kind: 'usage', usage: USAGE },
    { ...line, kind: 'git', repository: 'target', operation: 'fetch', ok: false, durationMs: 3, problem: 'away' },
    { ...line, kind: 'test', command: 'npm test', exitCode: 0, durationMs: 3 },
    { ...line, kind: 'gate', ...gate },
    { ...line, kind: 'flag', flag: 'OutOfScope', detail: 'README.md' },
    { ...line, kind: 'claim-lost', holder: UID },
    {
      ...line,
      kind: 'summary',
      submittedId: 'submitted-1',
      outcome: 'Succeeded',
      reason: 'GatesPassed',
      message: 'All gates passed.',
      pushedSha: SHA,
      digest: 'd',
    },
  ] satisfies RunnerLine[],
  'runner.result': [record, { ...record, agent: null, baseSha: null, pushedSha: null }] satisfies ResultRecord[],
  'backup.manifest': [
    {
      v: 1,
      createdAt: TIME,
      brokerVersion: '2.15.1',
      generation: 1,
      ledgerMaxBytes: 1024,
      machineId: 'machine',
      stateDirectory: '/state',
      streams: [
        {
          name: 'TASKS',
          file: 'TASKS.ndjson.gz',
          messages: 3,
          firstSequence: 1,
          lastSequence: 3,
          bytes: 100,
          sha256: 'a'.repeat(64),
        },
      ],
      durables: [{ name: 'notifier', next: 4, subjects: ['task.*.*.*'] }],
      logs: { included: false, directory: '/state/archive', files: 0, bytes: 0 },
    },
  ] satisfies BackupManifest[],
  'backup.record': [
    { seq: 1, time: TIME, subject: 'task.trader.master.1_2', headers: { traceparent: ['00-1'] }, text: '{}' },
    { seq: 2, time: TIME, subject: 'task.trader.master.1_2', base64: '/w==' },
  ] satisfies BackupRecord[],
  'logs.batch-head': [
    { v: 1, submittedId: 'submitted-1', first: 1, last: 2, count: 2, gaps: [] },
    {
      v: 1,
      submittedId: 'submitted-1',
      first: 6,
      last: 5,
      count: 0,
      gaps: [{ first: 3, last: 5 }],
      closing: { lines: 2, gaps: 3 },
    },
  ] satisfies LogBatchHead[],
  'logs.archive-head': [
    {
      v: 1,
      kind: 'head',
      name: NAME,
      ...TASK,
      n: 1,
      submittedId: 'submitted-1',
      runtime: 'process',
      location: 'machine',
      workloadUid: UID,
      origin: 'stream',
    },
  ] satisfies ArchiveHead[],
  'api.submit': [
    { service: 'trader', taskId: 7 },
    { service: 'trader', taskId: '1.2', tag: 'next', guidance: 'Use reqwest.', ...overridable },
  ] satisfies SubmitInput[],
  'api.retry': [{ guidance: 'again', ...overridable, previous: NAME }] satisfies RetryBody[],
  'api.submit-answer': [answer] satisfies SubmitAnswer[],
  'api.attempt': [
    view,
    { ...view, phase: 'Succeeded', step: null, finishedAt: TIME, verified: true, result: summary },
  ] satisfies AttemptView[],
  'api.problem': [
    { type: 'urn:orchestrator:problem:gone', title: 'No longer kept', status: 410, detail: 'gone', code: 'GONE' },
    {
      type: 'urn:orchestrator:problem:input-invalid',
      title: 'The request is not valid',
      status: 400,
      detail: 'agent: is required',
      code: 'INPUT_INVALID',
      errors: [{ field: 'agent', value: null, message: 'is required' }],
    },
  ] satisfies Problem[],
  'api.workspace': [
    {
      service: 'trader',
      workspace: 'workspace-trader',
      state: 'Busy',
      reason: 'WorkspaceBusy',
      message: 'Something of it may still run.',
      holder: {
        attempt: NAME,
        ...TASK,
        n: 1,
        agent: 'claude-agent-1',
        phase: 'Unknown',
        workload: { uid: UID, runtime: 'process', location: 'machine' },
        startedAt: TIME,
        finishedAt: TIME,
        released: release,
      },
      waiting: [
        { attempt: retry.name, ...TASK, n: 2, agent: 'claude-agent-1', submittedAt: TIME, stopRequested: false },
      ],
      moreWaiting: false,
    },
  ] satisfies WorkspaceView[],
  'api.token': [
    { name: 'ci', scopes: ['submit'], services: ['trader'], expiresAt: '2099-01-01T00:00:00.000Z' },
  ] satisfies TokenBody[],
  'api.token-answer': [{ token: `orc_${'a'.repeat(43)}`, state: 'active', ...tokenView }] satisfies TokenAnswer[],
  'api.tokens': [{ tokens: [{ state: 'active', ...tokenView }] }] satisfies TokenList[],
  'api.release': [{ attempt: NAME, workloadUid: UID, note: 'looked at the machine' }] satisfies ReleaseBody[],
  'api.release-answer': [
    {
      service: 'trader',
      workspace: 'workspace-trader',
      attempt: NAME,
      accepted: true,
      message: 'It is free now.',
      ...release,
    },
  ] satisfies ReleaseAnswer[],
  'api.dead-letter': [
    {
      ...letterView,
      message: { at: TIME, bytes: 12, type: 'task.submitted', id: 'submitted-1', text: '{"a":1}', cut: false },
      attempt: { name: NAME, phase: 'Failed' },
      next: ['Submit the task again.'],
    },
    { ...letterView, message: null, attempt: null, next: [] },
  ] satisfies DeadLetterDetail[],
  'api.dead-letters': [{ letters: [letterView], next: 'cursor' }] satisfies DeadLetterPage[],
  'api.replay-answer': [
    { letter: letterView, accepted: true, message: 'Asked.', next: ['It is sent again.'] },
  ] satisfies ReplayAnswer[],
  'api.rebuild': [{}, { documents: true }],
  'api.rebuild-answer': [{ views: 2, documents: 'rebuild-1' }],
  'api.rebuild-status': [{ done: true, views: [viewReport], documents: documentsReport }],
  'control.report': [
    { kind: 'view', view: viewReport },
    { kind: 'documents', documents: documentsReport },
  ],
  'file.gates': [GATES] satisfies Gates[],
  'file.client-config': [{}, TOOLS],
  'file.settings': [
    {},
    {
      defaults: {
        agent: 'claude-agent-1',
        model: 'sonnet',
        platformRepositoryUrl: 'https://github.com/org/platform.git',
        platformBranch: 'main',
        platformUser: 'lead',
        limits: { wallClockMinutes: 30, idleMinutes: 5, usd: 1, turns: 10 },
        gates: GATES,
        tools: TOOLS,
      },
      services: {
        trader: {
          agent: 'claude-agent-1',
          model: 'sonnet',
          platformRepositoryUrl: 'https://github.com/org/platform.git',
          platformBranch: 'main',
          platformUser: 'lead',
          limits: { wallClockMinutes: 30, idleMinutes: 5, usd: 1, turns: 10 },
          gates: GATES,
          tools: TOOLS,
          repositoryUrl: REPOSITORY.url,
          branch: 'main',
          githubUser: 'claude-agent-1',
          workingDirectory: 'trader',
        },
      },
      agents: {
        'claude-agent-1': {
          adapter: 'command',
          command: ['agent'],
          environment: { MODE: 'fast' },
          githubUser: 'claude-agent-1',
          model: 'sonnet',
        },
        'claude-agent-2': {
          adapter: 'claude',
          program: '/usr/local/bin/claude',
          credentials: { ANTHROPIC_API_KEY: '/etc/orchestrator/key' },
        },
      },
      toolman: { command: ['toolman-client'], serverUrl: 'http://tools.example/mcp', workingDirectory: '/tools' },
      caps: { global: 4, agents: { 'claude-agent-1': 2 } },
      channels: {
        webhooks: [{ name: 'team', url: 'https://example.com/hook', secretFile: '/secret', concurrency: 4 }],
      },
    },
  ] satisfies z.input<typeof Settings>[],
} satisfies Samples

export const SAMPLED: readonly string[] = Object.keys(SAMPLES)

/** None for a contract that has no samples yet. */
export function samplesOf(contract: string): readonly unknown[] {
  const all: Readonly<Record<string, readonly unknown[]>> = SAMPLES
  return all[contract] ?? []
}
