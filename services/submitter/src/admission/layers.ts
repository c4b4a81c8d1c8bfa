/** Where a value of an attempt may come from, in layers: the first one that has it decides. Pure. */
import {
  type AttemptSpec,
  normaliseRepositoryUrl,
  type RetryBody,
  type Settings,
  type TaskRef,
  type ValueSource,
} from '@orchestrator/shared/contracts'

/** What may be left open, under the names that requests and settings use. */
export type Values = Omit<RetryBody, 'guidance' | 'previous' | 'promptMode'>

export interface Layer {
  readonly source: ValueSource
  readonly values: Values
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
  readonly previous: AttemptSpec | undefined
  /** The newest attempt of the service, for a new task; asked only where the settings leave something open. */
  readonly lastOfService: () => AttemptSpec | undefined
}

/** A retry inherits before any setting, a new task takes from its service's last attempt only what no setting says. */
export function layersOf({ task, requested, settings, previous, lastOfService }: LayersInput): Layer[] {
  const configured: Layer[] = [
    { source: 'service', values: settings.services[task.service] ?? {} },
    { source: 'defaults', values: settings.defaults },
  ]
  const request: Layer = { source: 'request', values: requested }
  if (previous !== undefined) return [request, { source: 'previous', values: valuesOf(previous) }, ...configured]
  return [request, ...configured, lastLayer(lastOfService)]
}

/** The first layer that has the field. */
export function choose<F extends keyof Values>(
  field: F,
  layers: readonly Layer[],
): Chosen<NonNullable<Values[F]>> | undefined {
  for (const { source, values } of layers) {
    const value = values[field]
    if (value !== undefined && value !== null) return { value, source }
  }
  return undefined
}

function valuesOf(spec: AttemptSpec): Values {
  const { agent, model, repository, platform, workingDirectory, limits, gates } = spec
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

/** Reads the last attempt only when a field is asked that no layer before had. */
function lastLayer(lastOfService: () => AttemptSpec | undefined): Layer {
  let read: Values | undefined
  const inheritable = (): Values => {
    const spec = lastOfService()
    if (spec === undefined) return {}
    const { workingDirectory: _, limits: __, gates: ___, ...rest } = valuesOf(spec)
    return rest
  }
  return {
    source: 'previous',
    get values() {
      return (read ??= inheritable())
    },
  }
}

export interface Decided {
  readonly agent: string
  readonly repositoryUrl: string
  readonly platformRepositoryUrl: string
}

/**
 * The same layers without what an earlier attempt had only because of its repository or its agent: the base branch of
 * another repository means nothing in this one, and an account that came with an agent leaves with it.
 */
export function withoutForeign(
  layers: readonly Layer[],
  decided: Decided,
  accountOf: (agent: string) => string,
): Layer[] {
  return layers.map((layer) =>
    layer.source === 'previous' ? { source: layer.source, values: fitting(layer.values, decided, accountOf) } : layer,
  )
}

function fitting(values: Values, decided: Decided, accountOf: (agent: string) => string): Values {
  const kept: Values = { ...values }
  if (!isSame(values.repositoryUrl, decided.repositoryUrl)) delete kept.branch
  if (!isSame(values.platformRepositoryUrl, decided.platformRepositoryUrl)) {
    delete kept.platformBranch
    delete kept.platformUser
  }
  const cameWithAgent = values.agent !== undefined && values.githubUser === accountOf(values.agent)
  if (values.agent !== decided.agent && cameWithAgent) delete kept.githubUser
  return kept
}

/** An account for the documents that was the one for the work follows it to another. */
export function withoutFollower(layers: readonly Layer[], githubUser: string): Layer[] {
  return layers.map(({ source, values }) => {
    const follows = source === 'previous' && values.platformUser === values.githubUser && values.platformUser !== githubUser
    if (!follows) return { source, values }
    const { platformUser: _, ...rest } = values
    return { source, values: rest }
  })
}

function isSame(a: string | undefined, b: string): boolean {
  return a !== undefined && normaliseRepositoryUrl(a) === normaliseRepositoryUrl(b)
}
