/** A machine in memory: workloads that are held, let go and end, with every rule about them checked on the spot. */
import { attemptSubject, type AttemptFile } from '@orchestrator/shared/contracts'
import type { Ledger } from '@orchestrator/shared/nats'
import { readAttempt } from '../memory/attempt-history.ts'
import type { Runtime, UnstartedWorkload, WorkloadRef } from '../runtimes/port.ts'

export interface FakeWorkload {
  readonly uid: string
  readonly attempt: AttemptFile
  state: 'held' | 'running' | 'gone'
}

export interface FakeMachine {
  readonly runtime: Runtime
  readonly workloads: readonly FakeWorkload[]
  /** What broke a rule; empty in a sound world. */
  readonly violations: readonly string[]
  /** Uids that were let go, in order, each once. */
  readonly letGo: readonly string[]
  /** Lets the running workload of an attempt end. */
  end(submittedId: string): void
  /** How many stops an ending takes. */
  stubbornness: number
  /** Something of the attempt survives its workload. */
  readonly leftovers: Set<string>
  /** Thrown by the next launches, one each. */
  readonly launchFailures: Error[]
}

export function createFakeMachine(ledger: Ledger): FakeMachine {
  const workloads: FakeWorkload[] = []
  const violations: string[] = []
  const letGo: string[] = []
  const asked = new Map<string, number>()
  const leftovers = new Set<string>()
  const launchFailures: Error[] = []
  const signal = new AbortController().signal
  const of = (ref: Pick<WorkloadRef, 'submittedId'>): FakeWorkload[] =>
    workloads.filter(({ attempt }) => attempt.submittedId === ref.submittedId)
  const endAll = (found: readonly FakeWorkload[]): void => found.forEach((workload) => (workload.state = 'gone'))

  const checkLetGo = async (workload: FakeWorkload): Promise<void> => {
    const { spec } = workload.attempt
    const { started, stop, finished } = readAttempt(await ledger.read(attemptSubject(spec), signal))
    const startedUid = started?.data.workloadUid
    if (startedUid !== workload.uid) violations.push(`${workload.uid} was let go, started is ${startedUid}`)
    if (stop !== undefined && workload.state === 'held') violations.push(`${workload.uid} was let go after a stop`)
    if (finished !== undefined && workload.state === 'held') violations.push(`${workload.uid} was let go after its end`)
    const beside = workloads.find(
      (other) => other !== workload && other.state === 'running' && other.attempt.spec.service === spec.service,
    )
    if (beside !== undefined) violations.push(`${workload.uid} runs beside ${beside.uid}`)
  }

  const machine: FakeMachine = {
    workloads,
    violations,
    letGo,
    leftovers,
    launchFailures,
    stubbornness: 0,
    end: (submittedId) => endAll(of({ submittedId }).filter(({ state }) => state === 'running')),
    runtime: {
      kind: 'fake',
      location: 'here',
      workspaceDirectory: (workspace) => `/workspaces/${workspace}`,
      findHeld: async (ref) => of(ref).find(({ state }) => state === 'held')?.uid,
      launchHeld: async ({ attempt }) => {
        const failure = launchFailures.shift()
        if (failure !== undefined) throw failure
        const held = of(attempt).find(({ state }) => state === 'held')
        if (held !== undefined) return held.uid
        const uid = `uid-${workloads.length + 1}`
        workloads.push({ uid, attempt, state: 'held' })
        return uid
      },
      letGo: async (ref, uid) => {
        const workload = of(ref).find((found) => found.uid === uid)
        if (workload === undefined) throw new Error(`no workload ${uid}`)
        if (letGo.includes(uid)) return
        await checkLetGo(workload)
        letGo.push(uid)
        if (workload.state === 'held') workload.state = 'running'
        endAll(of(ref).filter(({ state }) => state === 'held'))
      },
      state: async (ref, uid) => {
        const state = of(ref).find((found) => found.uid === uid)?.state ?? 'gone'
        return state === 'running' ? { kind: 'running', ageMs: 0 } : { kind: state }
      },
      stop: async (ref) => {
        const times = (asked.get(ref.submittedId) ?? 0) + 1
        asked.set(ref.submittedId, times)
        const live = of(ref).filter(({ state }) => state !== 'gone')
        if (live.length === 0 && !leftovers.has(ref.submittedId)) return 0
        if (times <= machine.stubbornness) return 1
        endAll(live)
        leftovers.delete(ref.submittedId)
        return 1
      },
      released: async (ref) => of(ref).every(({ state }) => state === 'gone') && !leftovers.has(ref.submittedId),
      remove: async (ref) => {
        if (of(ref).some(({ state }) => state === 'running')) violations.push(`${ref.name} was removed while it ran`)
        endAll(of(ref))
      },
      listUnstarted: async () => workloads.filter(({ state }) => state === 'held').map(toUnstarted),
      discard: async (ref, uid) =>
        endAll(of(ref).filter((workload) => workload.uid === uid && workload.state === 'held')),
    },
  }
  return machine
}

function toUnstarted({ uid, attempt }: FakeWorkload): UnstartedWorkload {
  const { submittedId, spec, epoch } = attempt
  return { name: spec.name, submittedId, generation: epoch.generation, attempt, heldUids: [uid] }
}
