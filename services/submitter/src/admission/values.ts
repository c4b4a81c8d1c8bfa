/** Fills in what a request leaves open, and notes where each value came from. Pure. */
import {
  type AttemptSpec,
  DEFAULT_LIMITS,
  type Limits,
  type Settings,
  type ValueSources,
} from '@orchestrator/shared/contracts'
import type { Fault } from '../submit/faults.ts'
import {
  choose,
  type Chosen,
  type Decided,
  type Layer,
  layersOf,
  type LayersInput,
  type Values,
  withoutForeign,
} from './layers.ts'

export type ResolvedValues = Pick<
  AttemptSpec,
  'agent' | 'model' | 'repository' | 'platform' | 'workingDirectory' | 'limits' | 'gates'
>

export type Resolved =
  | { readonly kind: 'resolved'; readonly values: ResolvedValues; readonly sources: ValueSources }
  | { readonly kind: 'refused'; readonly faults: readonly Fault[] }

const BASE_BRANCH = 'main'
const MODEL = 'sonnet'

export function resolveValues(input: LayersInput): Resolved {
  const layers = layersOf(input)
  const agent = choose('agent', layers)
  const repositoryUrl = choose('repositoryUrl', layers)
  const platformRepositoryUrl = choose('platformRepositoryUrl', layers)
  const faults = [
    ...agentFaults(agent, input),
    ...(repositoryUrl === undefined ? [noRepository(input)] : []),
    ...(platformRepositoryUrl === undefined ? [noPlatform(input)] : []),
  ]
  if (faults.length > 0 || agent === undefined || repositoryUrl === undefined || platformRepositoryUrl === undefined) {
    return { kind: 'refused', faults }
  }
  return resolveRest(input, layers, { agent, repositoryUrl, platformRepositoryUrl })
}

interface Essentials {
  readonly agent: Chosen<string>
  readonly repositoryUrl: Chosen<string>
  readonly platformRepositoryUrl: Chosen<string>
}

function resolveRest(input: LayersInput, layers: readonly Layer[], essentials: Essentials): Resolved {
  const { agent, repositoryUrl, platformRepositoryUrl } = essentials
  const decided: Decided = {
    agent: agent.value,
    repositoryUrl: repositoryUrl.value,
    platformRepositoryUrl: platformRepositoryUrl.value,
    githubUser: undefined,
    accountOf: (name) => input.settings.agents[name]?.githubUser ?? name,
  }
  const githubUser = choose('githubUser', withoutForeign(layers, decided)) ?? agentAccount(agent.value, input.settings)
  const fitting = withoutForeign(layers, { ...decided, githubUser: githubUser.value })
  const pick = <F extends keyof Values>(field: F, builtIn: NonNullable<Values[F]>): Chosen<NonNullable<Values[F]>> =>
    choose(field, fitting) ?? { value: builtIn, source: 'built-in' }

  const model = choose('model', fitting) ?? agentModel(agent.value, input.settings)
  const branch = pick('branch', BASE_BRANCH)
  const platformBranch = pick('platformBranch', BASE_BRANCH)
  const platformUser = pick('platformUser', githubUser.value)
  const workingDirectory = pick('workingDirectory', input.task.service)
  const gates = pick('gates', [])
  const limits = chooseLimits(fitting)
  const chosen = {
    ...essentials,
    model,
    branch,
    githubUser,
    platformBranch,
    platformUser,
    workingDirectory,
    gates,
    limits,
  }
  return {
    kind: 'resolved',
    values: {
      agent: agent.value,
      model: model.value,
      repository: { url: repositoryUrl.value, branch: branch.value, githubUser: githubUser.value },
      platform: { url: platformRepositoryUrl.value, branch: platformBranch.value, githubUser: platformUser.value },
      workingDirectory: workingDirectory.value,
      limits: limits.value,
      gates: gates.value,
    },
    sources: Object.fromEntries(Object.entries(chosen).map(([field, { source }]) => [field, source])),
  }
}

function agentAccount(agent: string, { agents }: Settings): Chosen<string> {
  const account = agents[agent]?.githubUser
  return account === undefined ? { value: agent, source: 'built-in' } : { value: account, source: 'agent' }
}

function agentModel(agent: string, { agents }: Settings): Chosen<string> {
  const model = agents[agent]?.model
  return model === undefined ? { value: MODEL, source: 'built-in' } : { value: model, source: 'agent' }
}

/** Each limit from the first layer that sets it; the source told is that of the first layer that sets any. */
function chooseLimits(layers: readonly Layer[]): Chosen<Limits> {
  const value: Limits = { ...DEFAULT_LIMITS }
  const setting = layers.filter((layer) => Object.keys(layer.value('limits') ?? {}).length > 0)
  for (const layer of setting.toReversed()) Object.assign(value, layer.value('limits'))
  const [set] = setting
  return { value, source: set?.source ?? 'built-in' }
}

function agentFaults(agent: Chosen<string> | undefined, { task, settings }: LayersInput): Fault[] {
  const names = Object.keys(settings.agents)
  const configured =
    names.length === 0
      ? 'none is configured: add one under "agents" in the settings file'
      : `configured are ${names.join(', ')}`
  if (agent === undefined) {
    const hint = `no agent is known for service "${task.service}": pass one, or set services.${task.service}.agent in the settings file`
    return [{ field: 'agent', value: null, message: `${hint}; ${configured}` }]
  }
  if (names.includes(agent.value)) return []
  const origin = agent.source === 'previous' ? ' (of the last attempt)' : ''
  return [{ field: 'agent', value: agent.value, message: `is not a configured agent${origin}: ${configured}` }]
}

function noRepository({ task }: LayersInput): Fault {
  const message = `no repository is known for service "${task.service}": pass its URL, or set services.${task.service}.repositoryUrl in the settings file`
  return { field: 'repositoryUrl', value: null, message }
}

function noPlatform({ task }: LayersInput): Fault {
  const message = `no platform repository is known, so the task would have no documents: pass the URL of the repository that holds .taskmaster/, or set defaults.platformRepositoryUrl or services.${task.service}.platformRepositoryUrl in the settings file`
  return { field: 'platformRepositoryUrl', value: null, message }
}
