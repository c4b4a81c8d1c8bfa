/** What the broker is asked to hold. Pure: asked configurations, their sum, and how they differ from what was returned. */
import { DiscardPolicy, RetentionPolicy, StorageType, type StreamConfig } from '@nats-io/jetstream'
import { nanos } from '@nats-io/nats-core'
import {
  BUCKETS,
  type Bucket,
  DEAD_LETTER_SUBJECTS,
  LOG_SUBJECTS,
  PROGRESS_SUBJECTS,
  TASK_SUBJECTS,
} from '../../contracts/index.ts'

export const TASKS = 'TASKS'
export const PROGRESS = 'PROGRESS'
export const LOGS = 'LOGS'
export const DEADLETTERS = 'DEADLETTERS'

/** In the metadata of `TASKS`. */
export const GENERATION_KEY = 'orchestrator.generation'
/** In the metadata of `TASKS` too: views that were filled before it was last raised are made anew. */
export const VIEWS_KEY = 'orchestrator.views'
/** In the metadata of `TASKS` too: the generation that the documents of the launchers were last made for. */
export const DOCUMENTS_KEY = 'orchestrator.documents'
export const LEDGER_MAX_BYTES_KEY = 'orchestrator.ledgerMaxBytes'
export const DEFAULT_LEDGER_MAX_BYTES = 1024 * 1024 * 1024

const MIB = 1024 * 1024
const DAY_MS = 24 * 60 * 60 * 1000

const MAX_BYTES = { [PROGRESS]: 256 * MIB, [LOGS]: 1024 * MIB, [DEADLETTERS]: 64 * MIB } as const
const BUCKET_MAX_BYTES: Readonly<Record<Bucket, number>> = {
  workspaces: 64 * MIB,
  slots: 16 * MIB,
  branches: 128 * MIB,
  leases: 16 * MIB,
  deliveries: 128 * MIB,
  tokens: 4 * MIB,
}

export type AskedStream = Partial<StreamConfig> & { readonly name: string }

export interface TopologyRequest {
  readonly replicas: number
  readonly ledgerMaxBytes: number
}

export function bucketStream(bucket: Bucket): string {
  return `KV_${bucket}`
}

export function askedStreams(request: TopologyRequest): readonly AskedStream[] {
  const common = { num_replicas: request.replicas, storage: StorageType.File, retention: RetentionPolicy.Limits }
  return [tasks(request), progress, logs, deadLetters, ...BUCKETS.map(keyValues)].map((asked) => ({
    ...common,
    ...asked,
  }))
}

/**
 * The ledger: no limit of age or size, because a subject that aged out would accept attempt 1 again and a size limit
 * would evict, or refuse the terminal event too. The room is kept by the submitter, which stops accepting long before.
 * `discard: new` has nothing to do without a limit; should somebody add one, it refuses instead of evicting.
 */
function tasks({ ledgerMaxBytes }: TopologyRequest): AskedStream {
  return {
    name: TASKS,
    subjects: [...TASK_SUBJECTS],
    max_age: 0,
    max_bytes: -1,
    max_msgs: -1,
    max_msgs_per_subject: -1,
    discard: DiscardPolicy.New,
    deny_delete: true,
    deny_purge: true,
    // A follower may be behind: nobody shall decide from it by accident.
    allow_direct: false,
    metadata: { [LEDGER_MAX_BYTES_KEY]: String(ledgerMaxBytes) },
  }
}

const progress: AskedStream = {
  name: PROGRESS,
  subjects: [...PROGRESS_SUBJECTS],
  max_age: nanos(7 * DAY_MS),
  max_bytes: MAX_BYTES[PROGRESS],
  max_msgs_per_subject: 64,
  discard: DiscardPolicy.Old,
  allow_direct: false,
}

/** Synced like all else: with `persist_mode: async` a crash of the broker takes batches that it had acknowledged. */
const logs: AskedStream = {
  name: LOGS,
  subjects: [...LOG_SUBJECTS],
  max_age: nanos(14 * DAY_MS),
  max_bytes: MAX_BYTES[LOGS],
  discard: DiscardPolicy.Old,
  allow_direct: false,
}

/** The oldest go first when it is full: what they name is still in its own stream. */
const deadLetters: AskedStream = {
  name: DEADLETTERS,
  subjects: [...DEAD_LETTER_SUBJECTS],
  max_bytes: MAX_BYTES[DEADLETTERS],
  discard: DiscardPolicy.Old,
  allow_direct: false,
}

/** A full bucket refuses new keys rather than forgetting old ones. */
function keyValues(name: Bucket): AskedStream {
  return {
    name: bucketStream(name),
    subjects: [`$KV.${name}.>`],
    max_msgs_per_subject: 1,
    max_age: 0,
    max_bytes: BUCKET_MAX_BYTES[name],
    discard: DiscardPolicy.New,
    deny_delete: true,
    allow_rollup_hdrs: true,
    allow_direct: false,
  }
}

/** What the account must be able to hold: every limited stream, and the ledger's share, at each replica. */
export function neededBytes({
  ledgerMaxBytes,
  replicas,
}: Pick<TopologyRequest, 'ledgerMaxBytes' | 'replicas'>): number {
  const limited = [...Object.values(MAX_BYTES), ...Object.values(BUCKET_MAX_BYTES)].reduce(
    (sum, bytes) => sum + bytes,
    0,
  )
  return (limited + ledgerMaxBytes) * replicas
}

export interface Difference {
  readonly field: string
  readonly asked: unknown
  readonly returned: unknown
}

/** Fields that the broker did not take as asked; it may add others. */
export function differences(asked: AskedStream, returned: Partial<StreamConfig>): readonly Difference[] {
  const have: Readonly<Record<string, unknown>> = { ...returned }
  return Object.entries(asked).flatMap(([field, value]) =>
    covers(have[field], value) ? [] : [{ field, asked: value, returned: have[field] }],
  )
}

/** Fields that the server leaves out when they have these values. */
const LEFT_OUT: readonly unknown[] = [false, 0]

function covers(returned: unknown, asked: unknown): boolean {
  if (returned === undefined) return LEFT_OUT.includes(asked)
  if (!isPlain(asked) || !isPlain(returned)) return JSON.stringify(returned) === JSON.stringify(asked)
  return Object.entries(asked).every(([key, value]) => returned[key] === value)
}

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
