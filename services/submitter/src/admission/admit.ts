/** Decides what becomes of a request: the whole spec of the attempt, or everything that is wrong. Pure. */
import {
  AttemptNumber,
  attemptName,
  type AttemptName,
  type AttemptRef,
  type AttemptSpec,
  normaliseRepositoryUrl,
  type Phase,
  type PromptMode,
  type Settings,
  taskKey,
  type TaskRef,
  type ValueSources,
  workspaceName,
} from '@orchestrator/shared/contracts'
import type { Fault } from '../submit/faults.ts'
import { chooseBranch, type OwnBranch } from './branch.ts'
import type { Values } from './layers.ts'
import { resolveValues } from './values.ts'

export interface AdmissionRequest {
  readonly task: TaskRef
  readonly values: Values
  readonly guidance: string | undefined
  readonly promptMode: PromptMode | undefined
}

/** What the view knows about it. */
export interface AdmissionFacts {
  /** The latest attempt of the task, which this one answers. */
  readonly latest: { readonly spec: AttemptSpec; readonly sources: ValueSources; readonly phase: Phase } | undefined
  readonly lastOfService: () => AttemptSpec | undefined
  /** The newest attempt of the task in a repository (normalised URL). */
  readonly ownBranch: (repository: string) => OwnBranch | undefined
  readonly branchHolder: (repository: string, branch: string) => TaskRef | undefined
  readonly isNameTaken: (name: AttemptName) => boolean
}

export type Admission =
  | {
      readonly kind: 'admitted'
      readonly spec: AttemptSpec
      readonly sources: ValueSources
      readonly branchIsNew: boolean
    }
  | { readonly kind: 'refused'; readonly faults: readonly Fault[] }

export function admit(request: AdmissionRequest, facts: AdmissionFacts, settings: Settings): Admission {
  const { task, values: requested, guidance, promptMode = 'append' } = request
  const { latest, lastOfService } = facts
  const n = (latest?.spec.n ?? 0) + 1
  const resolved = resolveValues({ task, requested, settings, previous: latest, lastOfService })
  const faults = [
    ...promptFaults(request),
    ...numberFaults(task, n),
    ...(resolved.kind === 'refused' ? resolved.faults : []),
  ]
  if (resolved.kind === 'refused' || faults.length > 0) return { kind: 'refused', faults }
  const { values, sources } = resolved
  const repository = normaliseRepositoryUrl(values.repository.url)
  const holder = (branch: string): TaskRef | undefined => facts.branchHolder(repository, branch)
  const { branch, isNew } = chooseBranch({ task, own: facts.ownBranch(repository), holder })
  const spec: AttemptSpec = {
    ...task,
    n,
    name: freeName({ ...task, n }, values.agent, facts.isNameTaken),
    workspace: workspaceName(task.service),
    branch,
    ...values,
    prompt: { mode: promptMode, ...(guidance === undefined ? {} : { guidance }) },
  }
  return { kind: 'admitted', spec, sources, branchIsNew: isNew }
}

function promptFaults({ guidance, promptMode }: AdmissionRequest): Fault[] {
  if (promptMode !== 'replace' || guidance !== undefined) return []
  return [{ field: 'guidance', value: null, message: 'is required with promptMode "replace": it is the prompt then' }]
}

function numberFaults(task: TaskRef, n: number): Fault[] {
  if (AttemptNumber.safeParse(n).success) return []
  return [{ field: 'taskId', value: task.taskId, message: `has had ${n - 1} attempts, and there cannot be more` }]
}

const HASH_LENGTHS = [5, 6, 7, 8, 9, 10, 11, 12]

/** Five characters of a hash hardly ever meet; where they do, the name grows. */
function freeName(ref: AttemptRef, agent: string, isTaken: (name: AttemptName) => boolean): AttemptName {
  for (const length of HASH_LENGTHS) {
    const name = attemptName(ref, agent, length)
    if (!isTaken(name)) return name
  }
  throw new Error(`every name of ${taskKey(ref)}, attempt ${ref.n}, is taken`)
}
