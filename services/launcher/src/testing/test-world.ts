/** A launcher's world over shared ports; each call of {@link createReplica} is one process with a memory of its own. */
import { type AttemptSpec, attemptSubject, Settings, taskSubject } from '@orchestrator/shared/contracts'
import { type Clock, systemClock } from '@orchestrator/shared/core'
import type { RepairableDocuments } from '@orchestrator/shared/nats'
import { createLogger } from '@orchestrator/shared/service'
import { createBranchClaims } from '../branch-claim.ts'
import { createLedgerMemory } from '../memory/ledger-memory.ts'
import { createWorkspaceMemory } from '../memory/workspace-memory.ts'
import { createPatience } from '../progress/patience.ts'
import { createProgressReporter } from '../progress/progress-reporter.ts'
import { createLaunchTries } from '../reconcile/launch-tries.ts'
import type { Runtime } from '../runtimes/port.ts'
import type { World } from '../world.ts'
import { submitted } from './builders.ts'
import type { MemoryBroker } from './memory-broker.ts'

export const logger = createLogger({ name: 'launcher', level: 'silent' })

/** Rendering is tested by itself. */
const plainRenderer: World['renderer'] = {
  render: ({ spec }) => ({
    prompt: {
      file: 'prompt.md',
      destination: 'prompt.md',
      isOfAttempt: true,
      executable: false,
      text: spec.name,
      template: '',
    },
    others: [],
  }),
}

export const AGENTS = { agents: { 'claude-agent-1': { adapter: 'command' as const, command: ['true'] } } }

export interface ReplicaInput {
  readonly broker: Pick<MemoryBroker, 'ledger' | 'progress' | 'workspaces' | 'slots' | 'branches'>
  readonly runtime: Runtime
  readonly settings?: Settings
  readonly clock?: Clock
  readonly onSlotsReturned?: World['onSlotsReturned']
  readonly wake?: World['wake']
}

export function createReplica({
  broker,
  runtime,
  settings = Settings.parse(AGENTS),
  clock = systemClock,
  onSlotsReturned = () => Promise.resolve(),
  wake = () => undefined,
}: ReplicaInput): World {
  const { ledger, workspaces, slots, branches } = broker
  return {
    ledger,
    memory: createLedgerMemory(ledger),
    workspaces: createWorkspaceMemory(workspaces, clock),
    slots,
    branches: createBranchClaims(branches),
    progress: createProgressReporter({ progress: broker.progress, clock, logger }),
    launches: createLaunchTries({ clock, random: () => 1 }),
    renderer: plainRenderer,
    gitEnvironment: {},
    gitCredentials: { directory: '/nonexistent' },
    loginHome: undefined,
    stopGraceMs: 1000,
    holdLimitMs: 1000,
    patience: createPatience(clock),
    onSlotsReturned,
    wake,
    runtime,
    settings,
    logger,
    clock,
  }
}

/** As the submitter would: straight into the ledger. @returns the sequence */
export function submit(broker: MemoryBroker, spec: AttemptSpec): number {
  return broker.append(taskSubject(spec), submitted(spec))
}

export function historyOf(broker: MemoryBroker, spec: AttemptSpec): readonly string[] {
  return broker.events.filter(({ subject }) => subject === attemptSubject(spec)).map(({ event }) => event.type)
}

type Hook = (call: string) => Promise<void>

/** Every call of a port passes `before`, then happens, then passes `after`: where a test cuts, delays or counts. */
export function hooked<T extends object>(
  port: T,
  name: string,
  { before, after }: { readonly before: Hook; readonly after: Hook },
): T {
  return new Proxy(port, {
    get: (target, property) => {
      const member: unknown = Reflect.get(target, property)
      // `scan` gives an iterable and not a promise: it is left as it is.
      if (typeof member !== 'function' || property === 'scan' || property === 'workspaceDirectory') return member
      return async (...given: unknown[]): Promise<unknown> => {
        await before(`${name}.${String(property)}`)
        const result: unknown = await Reflect.apply(member, target, given)
        await after(`${name}.${String(property)}`)
        return result
      }
    },
  })
}

export function hookedBroker(
  broker: MemoryBroker,
  hooks: { readonly before: Hook; readonly after: Hook },
): ReplicaInput['broker'] {
  const hookDocuments = <T>(documents: RepairableDocuments<T>, name: string): RepairableDocuments<T> =>
    hooked(documents, name, hooks)
  return {
    ledger: hooked(broker.ledger, 'ledger', hooks),
    progress: broker.progress,
    workspaces: hookDocuments(broker.workspaces, 'workspaces'),
    slots: hookDocuments(broker.slots, 'slots'),
    branches: hookDocuments(broker.branches, 'branches'),
  }
}
