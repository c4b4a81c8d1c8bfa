import {
  AttemptSpec,
  DEFAULT_LIMITS,
  longTaskBranch,
  type Phase,
  type TaskRef,
  type ValueSources,
} from '@orchestrator/shared/contracts'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AGENT, PLATFORM, REPOSITORY, sampleSettings, sampleSpec } from '../testing/samples.ts'
import { type Admission, type AdmissionFacts, type AdmissionRequest, admit } from './admit.ts'
import type { Values } from './layers.ts'

const TASK: TaskRef = { service: 'trader', tag: 'master', taskId: '1' }
const NOTHING: AdmissionFacts = {
  latest: undefined,
  lastOfService: () => undefined,
  ownBranch: () => undefined,
  branchHolder: () => undefined,
  isNameTaken: () => false,
}
const COMPLETE = { agent: AGENT, repositoryUrl: REPOSITORY, platformRepositoryUrl: PLATFORM }

const ask = (overrides: Partial<AdmissionRequest> = {}): AdmissionRequest => {
  return { task: TASK, values: COMPLETE, guidance: undefined, promptMode: undefined, ...overrides }
}

function admitted(admission: Admission): Extract<Admission, { kind: 'admitted' }> {
  if (admission.kind !== 'admitted') throw new Error(JSON.stringify(admission))
  return admission
}

const faultsOf = (admission: Admission): readonly string[] =>
  admission.kind === 'refused' ? admission.faults.map(({ field }) => field) : []

const ASKED: ValueSources = { limits: 'request', gates: 'request' }

const retryOf = (spec: Partial<AttemptSpec> = {}, phase: Phase = 'Failed', sources = ASKED): AdmissionFacts => {
  const latest = sampleSpec(spec)
  return {
    ...NOTHING,
    latest: { spec: latest, sources, phase },
    lastOfService: () => latest,
    ownBranch: () => ({ branch: latest.branch, phase, reason: 'AgentError', started: true }),
  }
}

describe('admit, a new task', () => {
  it('fills in what is built in, and says so', () => {
    const { spec, sources } = admitted(admit(ask(), NOTHING, sampleSettings()))
    expect(spec).toMatchObject({
      n: 1,
      name: 'trader-claude-agent-1-task1-attempt1',
      workspace: 'workspace-trader',
      branch: 'feature/task-1-implementation',
      model: 'sonnet',
      repository: { url: REPOSITORY, branch: 'main', githubUser: AGENT },
      platform: { url: PLATFORM, branch: 'main', githubUser: AGENT },
      workingDirectory: 'trader',
      prompt: { mode: 'append' },
      limits: { wallClockMinutes: 120, idleMinutes: 15, usd: null, turns: null },
      gates: [],
    })
    expect(sources).toEqual({
      agent: 'request',
      repositoryUrl: 'request',
      platformRepositoryUrl: 'request',
      model: 'built-in',
      branch: 'built-in',
      githubUser: 'built-in',
      platformBranch: 'built-in',
      platformUser: 'built-in',
      workingDirectory: 'built-in',
      limits: 'built-in',
      gates: 'built-in',
    })
  })

  it('takes settings of the service before the defaults, and both before the last attempt of the service', () => {
    const settings = sampleSettings({
      defaults: {
        model: 'haiku',
        agent: 'claude-agent-2',
        platformRepositoryUrl: PLATFORM,
        limits: { usd: 5, turns: 10 },
      },
      services: { trader: { repositoryUrl: REPOSITORY, agent: AGENT, branch: 'develop', limits: { usd: 9 } } },
    })
    const lastOfService = (): AttemptSpec => sampleSpec({ model: 'opus', agent: 'claude-agent-2' })
    const { spec, sources } = admitted(admit(ask({ values: {} }), { ...NOTHING, lastOfService }, settings))
    expect(spec).toMatchObject({ agent: AGENT, model: 'haiku', repository: { url: REPOSITORY, branch: 'develop' } })
    expect(spec.limits).toEqual({ wallClockMinutes: 120, idleMinutes: 15, usd: 9, turns: 10 })
    expect(sources).toMatchObject({ agent: 'service', model: 'defaults', branch: 'service', limits: 'service' })
  })

  it('takes repository, branch, agent, model and platform from the last attempt of the service, and nothing else', () => {
    const last = sampleSpec({
      model: 'opus',
      repository: { url: REPOSITORY, branch: 'develop', githubUser: AGENT },
      platform: { url: PLATFORM, branch: 'docs', githubUser: 'docs-reader' },
      workingDirectory: 'trading-engine',
      limits: { wallClockMinutes: 5, idleMinutes: 1, usd: 1, turns: 1 },
      gates: [{ name: 'test', command: ['make', 'test'] }],
    })
    const { spec, sources } = admitted(
      admit(ask({ values: {} }), { ...NOTHING, lastOfService: () => last }, sampleSettings()),
    )
    expect(spec).toMatchObject({ agent: AGENT, model: 'opus', repository: last.repository, platform: last.platform })
    expect(spec).toMatchObject({ workingDirectory: 'trader', gates: [], limits: { wallClockMinutes: 120 } })
    expect(sources).toMatchObject({
      model: 'previous',
      branch: 'previous',
      platformUser: 'previous',
      workingDirectory: 'built-in',
    })
  })

  it('does not ask for the last attempt where request and settings say everything', () => {
    const settings = sampleSettings({ defaults: { model: 'haiku', platformBranch: 'main', platformUser: 'reader' } })
    const lastOfService = (): never => {
      throw new Error('asked')
    }
    const values = {
      ...COMPLETE,
      branch: 'main',
      githubUser: 'me',
      workingDirectory: '.',
      gates: [],
      limits: { usd: 1 },
    }
    expect(admit(ask({ values }), { ...NOTHING, lastOfService }, settings).kind).toBe('admitted')
  })

  it('does not take the base branch of another repository', () => {
    const last = sampleSpec({
      repository: { url: 'git@github.com:example/other.git', branch: 'develop', githubUser: AGENT },
    })
    const { spec } = admitted(admit(ask(), { ...NOTHING, lastOfService: () => last }, sampleSettings()))
    expect(spec.repository.branch).toBe('main')
  })

  it('knows the account of an agent', () => {
    const { spec, sources } = admitted(
      admit(ask({ values: { ...COMPLETE, agent: 'claude-agent-2' } }), NOTHING, sampleSettings()),
    )
    expect(spec.repository.githubUser).toBe('second-account')
    expect(spec.platform.githubUser).toBe('second-account')
    expect(sources.githubUser).toBe('agent')
  })

  it('accepts guidance', () => {
    const { spec } = admitted(admit(ask({ guidance: 'Use "reqwest".' }), NOTHING, sampleSettings()))
    expect(spec.prompt).toEqual({ mode: 'append', guidance: 'Use "reqwest".' })
  })

  it('names everything that is missing at once', () => {
    const admission = admit(ask({ values: {}, promptMode: 'replace' }), NOTHING, sampleSettings())
    expect(faultsOf(admission)).toEqual(['guidance', 'agent', 'repositoryUrl', 'platformRepositoryUrl'])
  })

  it('names the agent that is not configured, and those that are', () => {
    const admission = admit(ask({ values: { ...COMPLETE, agent: 'nobody' } }), NOTHING, sampleSettings())
    const message = expect.stringContaining('configured are claude-agent-1, claude-agent-2')
    expect(admission).toEqual({ kind: 'refused', faults: [{ field: 'agent', value: 'nobody', message }] })
  })

  it('names an inherited agent that is not configured any more', () => {
    const admission = admit(ask({ values: {} }), retryOf({ agent: 'gone' }), sampleSettings())
    expect(admission).toMatchObject({
      faults: [{ field: 'agent', value: 'gone', message: expect.stringContaining('of the last attempt') }],
    })
  })
})

describe('admit, a retry', () => {
  it('inherits everything that is not said, before any setting', () => {
    const earlier = sampleSpec({
      model: 'opus',
      workingDirectory: 'engine',
      limits: { wallClockMinutes: 7, idleMinutes: 2, usd: 3, turns: 4 },
      gates: [{ name: 'test', command: ['true'] }],
    })
    const settings = sampleSettings({
      defaults: { model: 'haiku' },
      services: { trader: { workingDirectory: 'src', repositoryUrl: 'https://github.com/example/other', gates: [] } },
    })
    const { spec, sources } = admitted(admit(ask({ values: {} }), retryOf(earlier), settings))
    const { name: _, n: __, ...inherited } = earlier
    expect(spec).toEqual({ ...inherited, n: 2, name: 'trader-claude-agent-1-task1-attempt2' })
    expect(new Set(Object.values(sources))).toEqual(new Set(['previous']))
  })

  it('takes gates and limits that nobody asked for from the settings as they are now', () => {
    const mended = [{ name: 'test', command: ['make', 'test'] }]
    const settings = sampleSettings({ defaults: { gates: mended, limits: { usd: 9 } } })
    const earlier = { gates: [{ name: 'test', command: ['mkae'] }], limits: { ...DEFAULT_LIMITS, usd: 1 } }
    const facts = retryOf(earlier, 'Failed', { gates: 'defaults', limits: 'service' })
    const { spec, sources } = admitted(admit(ask({ values: {} }), facts, settings))
    expect(spec).toMatchObject({ gates: mended, limits: { usd: 9 } })
    expect(sources).toMatchObject({ gates: 'defaults', limits: 'defaults' })
  })

  it('changes only the limits that are asked', () => {
    const { spec, sources } = admitted(admit(ask({ values: { limits: { usd: 20 } } }), retryOf(), sampleSettings()))
    expect(spec.limits).toEqual({ wallClockMinutes: 120, idleMinutes: 15, usd: 20, turns: null })
    expect(sources.limits).toBe('request')
  })

  it.each([
    {
      what: 'the agent and its account',
      values: { agent: 'claude-agent-2' },
      earlier: {},
      users: { repository: 'second-account', platform: 'second-account' },
    },
    {
      what: 'the agent, and not an account that was chosen apart from it',
      values: { agent: 'claude-agent-2' },
      earlier: { repository: { url: REPOSITORY, branch: 'main', githubUser: 'alice' } },
      users: { repository: 'alice', platform: AGENT },
    },
    {
      what: 'the account for the documents with the one for the work',
      values: { githubUser: 'bob' },
      earlier: {},
      users: { repository: 'bob', platform: 'bob' },
    },
    {
      what: 'the account for the work, and not one of its own for the documents',
      values: { githubUser: 'bob' },
      earlier: { platform: { url: PLATFORM, branch: 'main', githubUser: 'reader' } },
      users: { repository: 'bob', platform: 'reader' },
    },
  ])('changes $what', ({ values, earlier, users }) => {
    const { spec } = admitted(admit(ask({ values }), retryOf(earlier), sampleSettings()))
    expect({ repository: spec.repository.githubUser, platform: spec.platform.githubUser }).toEqual(users)
  })

  it('does not inherit the prompt', () => {
    const earlier = { prompt: { mode: 'replace', guidance: 'old' } } as const
    const { spec } = admitted(admit(ask({ values: {}, guidance: 'new' }), retryOf(earlier), sampleSettings()))
    expect(spec.prompt).toEqual({ mode: 'append', guidance: 'new' })
  })

  it('stops at the largest attempt number', () => {
    expect(faultsOf(admit(ask({ values: {} }), retryOf({ n: 99_999 }), sampleSettings()))).toEqual(['taskId'])
  })
})

describe('admit, branches and names', () => {
  const other: TaskRef = { service: 'auth', tag: 'master', taskId: '1' }

  it('takes the long form where another task of the repository has the short one', () => {
    const branchHolder = (repository: string, branch: string): TaskRef | undefined =>
      repository === 'github.com/example/trader' && branch === 'feature/task-1-implementation' ? other : undefined
    const { spec, branchIsNew } = admitted(admit(ask(), { ...NOTHING, branchHolder }, sampleSettings()))
    expect({ branch: spec.branch, branchIsNew }).toEqual({ branch: longTaskBranch(TASK), branchIsNew: true })
  })

  it('keeps the branch of the task, whoever else has it', () => {
    const { spec, branchIsNew } = admitted(
      admit(ask({ values: {} }), { ...retryOf(), branchHolder: () => other }, sampleSettings()),
    )
    expect({ branch: spec.branch, branchIsNew }).toEqual({
      branch: 'feature/task-1-implementation',
      branchIsNew: false,
    })
  })

  it.each([
    [
      'takes the long form after the claim of the short one was lost',
      { started: false, reason: 'WorkspaceConflict' },
      true,
    ],
    ['keeps it after a conflict within the branch', { started: true, reason: 'WorkspaceConflict' }, false],
    ['keeps it after another failure before the start', { started: false, reason: 'TemplateInvalid' }, false],
  ])('%s', (_title, end, isLong) => {
    const facts = {
      ...retryOf(),
      ownBranch: () => ({ branch: 'feature/task-1-implementation', phase: 'Failed', ...end }) as const,
    }
    const { spec } = admitted(admit(ask({ values: {} }), facts, sampleSettings()))
    expect(spec.branch).toBe(isLong ? longTaskBranch(TASK) : 'feature/task-1-implementation')
  })

  it('gives a longer name where one is taken', () => {
    const isNameTaken = (name: string): boolean => name.length < 'trader-claude-agent-1-task1-attempt1-1234567'.length
    const { spec } = admitted(admit(ask(), { ...NOTHING, isNameTaken }, sampleSettings()))
    expect(spec.name).toMatch(/^trader-claude-agent-1-task1-attempt1-[a-z2-7]{7}$/)
  })
})

describe('admit, whatever is asked', () => {
  const word = fc.stringMatching(/^[a-z][a-z0-9]{0,10}$/)
  const url = fc.constantFrom(
    REPOSITORY,
    'https://github.com/Example/Trader',
    'ssh://git@host:22/x/y.git',
    'file:///srv/repo.git',
  )
  const optional = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
    fc.option(arbitrary, { nil: undefined })
  const defined = (value: object): Values =>
    Object.fromEntries(Object.entries(value).filter(([, inner]) => inner !== undefined))
  const values = fc
    .record({
      agent: optional(fc.constantFrom(AGENT, 'claude-agent-2', 'nobody')),
      model: optional(word),
      repositoryUrl: optional(url),
      branch: optional(word),
      githubUser: optional(word),
      platformRepositoryUrl: optional(url),
      platformBranch: optional(word),
      platformUser: optional(word),
      workingDirectory: optional(word),
    })
    .map(defined)

  it('is a spec that says for each value where it is from, or faults with a field and what would be right', () => {
    fc.assert(
      fc.property(values, values, fc.boolean(), (requested, configured, isRetry) => {
        const settings = sampleSettings({ services: { trader: configured } })
        const admission = admit(ask({ values: requested }), isRetry ? retryOf() : NOTHING, settings)
        if (admission.kind === 'refused') {
          expect(admission.faults.length).toBeGreaterThan(0)
          for (const { field, message } of admission.faults) expect([field, message]).not.toContain('')
          return
        }
        AttemptSpec.parse(admission.spec)
        expect(Object.keys(admission.sources)).toHaveLength(11)
        for (const field of Object.keys(requested)) expect(admission.sources).toHaveProperty(field, 'request')
        expect(Object.values(admission.sources).includes('previous')).toBe(isRetry)
      }),
    )
  })
})
