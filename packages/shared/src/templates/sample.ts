/** Attempts that exist nowhere: for looking at templates, and for finding what is wrong with them. */
import {
  attemptName,
  type AttemptSpec,
  DEFAULT_LIMITS,
  type EarlierAttempt,
  taskBranch,
  workspaceName,
} from '../contracts/index.ts'
import type { ContextSource } from './context.ts'

const REF = { service: 'trader', tag: 'master', taskId: '1' }
const AGENT = 'claude-agent-1'

function specOf(n: number, changes: Partial<AttemptSpec> = {}): AttemptSpec {
  return {
    ...REF,
    n,
    name: attemptName({ ...REF, n }, AGENT),
    workspace: workspaceName(REF.service),
    branch: taskBranch(REF.taskId),
    agent: AGENT,
    model: 'sonnet',
    repository: { url: 'https://github.com/myorg/trader.git', branch: 'main', githubUser: AGENT },
    platform: { url: 'https://github.com/myorg/platform.git', branch: 'main', githubUser: 'lead' },
    workingDirectory: REF.service,
    prompt: { mode: 'append' },
    limits: DEFAULT_LIMITS,
    gates: [],
    ...changes,
  }
}

function earlier(n: number, guidance: string | null): EarlierAttempt {
  return {
    n,
    name: attemptName({ ...REF, n }, AGENT),
    phase: 'Failed',
    reason: 'GateFailed',
    message: 'The gate "tests" ended with exit code 101.',
    guidance,
    promptMode: 'append',
  }
}

const workspaceDirectory = '/workspace'
const GATES = [{ name: 'tests', command: ['cargo', 'test', '--all'], timeoutSeconds: 600 }]

/** The first has everything that there can be. */
export const SAMPLES = {
  retry: {
    spec: specOf(3, {
      prompt: { mode: 'append', guidance: 'Also cover timeouts.' },
      limits: { ...DEFAULT_LIMITS, usd: 5, turns: 200 },
      gates: GATES,
    }),
    earlier: [earlier(1, null), earlier(2, 'Use reqwest instead of curl.')],
    workspaceDirectory,
    toolman: { command: ['toolman-client', '--quiet'], serverUrl: 'http://toolman.mcp.svc.cluster.local:3000/mcp' },
  },
  first: { spec: specOf(1), earlier: [], workspaceDirectory },
  replaced: {
    spec: specOf(2, { prompt: { mode: 'replace', guidance: 'Only fix the parser.' } }),
    earlier: [earlier(1, null)],
    workspaceDirectory,
  },
} as const satisfies Record<string, ContextSource>
export type SampleName = keyof typeof SAMPLES
