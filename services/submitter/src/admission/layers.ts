/** Where a value of an attempt may come from, in layers: the first one that has it decides. Pure. */
import {
  type AttemptSpec,
  normaliseRepositoryUrl,
  type RetryBody,
  type Settings,
  type TaskRef,
  type ValueSource,
  type ValueSources,
} from '@orchestrator/shared/contracts'

/** What may be left open, under the names that requests and settings use. */
export type Values = Omit<RetryBody, 'guidance' | 'previous' | 'promptMode'>

export interface Layer {
  readonly source: ValueSource
  readonly value: <F extends keyof Values>(field: F) => Values[F] | undefined
}

export interface Chosen<T> {
  readonly value: T
  readonly source: ValueSource
}

export interface LayersInput {
  readonly task: TaskRef
  readonly requested: Values
  readonly settings: Settings
  /** The attempt that a retry answers: what the request leaves open is inherited. */
  readonly previous: { readonly spec: AttemptSpec; readonly sources: ValueSources } | undefined
  /** The newest attempt of the service, for a new task; asked only where the settings leave something open. */
  readonly lastOfService: () => AttemptSpec | undefined
}

/** A retry inherits before any setting; a new task takes from its service's last attempt only what no setting says. */
export function layersOf({ task, requested, settings, previous, lastOfService }: LayersInput): Layer[] {
  const request = layer('request', requested)
  const configured = [layer('service', settings.services[task.service] ?? {}), layer('defaults', settings.defaults)]
  return previous === undefined
    ? [request, ...configured, lastLayer(lastOfService)]
    : [request, previousLayer(previous), ...configured]
}

/** Gates and limits are the installation's to set, and to mend between attempts: inherited only where a person asked for them. */
function previousLayer({ spec, sources }: NonNullable<LayersInput['previous']>): Layer {
  const values = valuesOf(spec)
  const asked = (field: 'limits' | 'gates'): boolean => sources[field] === 'request' || sources[field] === 'previous'
  const isInherited = (field: keyof Values): boolean => (field === 'limits' || field === 'gates' ? asked(field) : true)
  return { source: 'previous', value: (field) => (isInherited(field) ? values[field] : undefined) }
}

/** The first layer that has the field. */
export function choose<F extends keyof Values>(
  field: F,
  layers: readonly Layer[],
): Chosen<NonNullable<Values[F]>> | undefined {
  for (const { source, value } of layers) {
    const found = value(field)
    if (found !== undefined && found !== null) return { value: found, source }
  }
  return undefined
}

function layer(source: ValueSource, values: Values): Layer {
  return { source, value: (field) => values[field] }
}

function valuesOf({ agent, model, repository, platform, workingDirectory, limits, gates }: AttemptSpec): Values {
  return {
    agent,
    model,
    repositoryUrl: repository.url,
    branch: repository.branch,
    githubUser: repository.githubUser,
    platformRepositoryUrl: platform.url,
    platformBranch: platform.branch,
    platformUser: platform.githubUser,
    workingDirectory,
    limits,
    gates,
  }
}

/** What belongs to one task alone. */
const OWN_TO_A_TASK: ReadonlySet<keyof Values> = new Set(['workingDirectory', 'limits', 'gates'])

function lastLayer(lastOfService: () => AttemptSpec | undefined): Layer {
  let values: Values | undefined
  const read = (): Values => {
    const spec = lastOfService()
    return spec === undefined ? {} : valuesOf(spec)
  }
  return { source: 'previous', value: (field) => (OWN_TO_A_TASK.has(field) ? undefined : (values ??= read())[field]) }
}

/** What is decided before the rest, which depends on it. */
export interface Decided {
  readonly agent: string
  readonly repositoryUrl: string
  readonly platformRepositoryUrl: string
  /** Undefined while it is being chosen itself. */
  readonly githubUser: string | undefined
  /** The account that an agent has by itself. */
  readonly accountOf: (agent: string) => string
}

/**
 * The same layers without what an earlier attempt had only because of its repository, agent or account: the base branch
 * of another repository means nothing in this one, and an account that came with an agent leaves with it.
 */
export function withoutForeign(layers: readonly Layer[], decided: Decided): Layer[] {
  return layers.map((inner) =>
    inner.source === 'previous'
      ? { source: inner.source, value: (field) => (isForeign(field, inner, decided) ? undefined : inner.value(field)) }
      : inner,
  )
}

function isForeign(field: keyof Values, { value }: Layer, decided: Decided): boolean {
  switch (field) {
    case 'branch':
      return !isSame(value('repositoryUrl'), decided.repositoryUrl)
    case 'platformBranch':
      return !isSame(value('platformRepositoryUrl'), decided.platformRepositoryUrl)
    case 'githubUser': {
      const agent = value('agent')
      return agent !== undefined && agent !== decided.agent && value('githubUser') === decided.accountOf(agent)
    }
    case 'platformUser': {
      const user = value('platformUser')
      const follows = user === value('githubUser') && user !== decided.githubUser
      return follows || !isSame(value('platformRepositoryUrl'), decided.platformRepositoryUrl)
    }
    default:
      return false
  }
}

function isSame(a: string | undefined, b: string): boolean {
  return a !== undefined && normaliseRepositoryUrl(a) === normaliseRepositoryUrl(b)
}
