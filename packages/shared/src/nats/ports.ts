/**
 * What the services see of the broker. They depend on these types; only their `app.ts` touches the real thing.
 */
import type { LedgerEvent, LogBatch, OrchestratorEvent } from '../contracts/index.ts'

/** An event as the stream stores it. */
export interface StoredEvent<E extends OrchestratorEvent = OrchestratorEvent> {
  readonly seq: number
  readonly subject: string
  /** The broker's time: the only source of times and durations that people see. */
  readonly time: Date
  readonly event: E
}

/** One subject of the ledger, read through the stream's leader, oldest first. */
export interface SubjectHistory {
  readonly subject: string
  readonly events: readonly StoredEvent<LedgerEvent>[]
  /** 0 when the subject is empty; what the next publish expects. */
  readonly lastSeq: number
}

export type Decision<T> =
  | { readonly kind: 'publish'; readonly event: LedgerEvent; readonly expectedSeq: number }
  /** Nothing to publish: the history already answers. */
  | { readonly kind: 'settled'; readonly value: T }

export interface ConditionalPublish<T> {
  readonly subject: string
  /** Id of the event, made once for the request: how read-back recognises it. */
  readonly eventId: string
  /** A first decision from a view, to spare the read; left out: read first. */
  readonly optimistic?: Decision<T>
  /** Decides from what the leader holds. Called again after every refusal; throws to give up. */
  readonly decide: (history: SubjectHistory) => Decision<T> | Promise<Decision<T>>
  readonly signal: AbortSignal
}

export type Published<T> =
  | { readonly kind: 'stored'; readonly stored: StoredEvent<LedgerEvent> }
  | { readonly kind: 'settled'; readonly value: T }

/**
 * The stream `TASKS`. Publishing is conditional on the last sequence of the subject and on nothing else: the
 * expectation is the deduplication, there is no message id. After a refusal, a timeout or a disconnect the subject is
 * read back through the leader before anything is decided again, so an event is stored once however often it is tried.
 */
export interface Ledger {
  /** Raised by a restore. */
  readonly generation: number
  /** Raised by {@link Ledger.outdateViews}; like the generation as of the last question to the stream. */
  readonly views: number
  /** From now on every view that was filled before is to be made anew. @returns `views`, raised */
  outdateViews(signal: AbortSignal): Promise<number>
  /**
   * @throws RetryableError BROKER_UNAVAILABLE at once while disconnected, or when the outcome stays unknown after all tries;
   *   LEDGER_FULL when the stream refuses for space; TerminalError LEDGER_CONFLICT when the subject never holds still.
   */
  publish<T>(request: ConditionalPublish<T>): Promise<Published<T>>
  /**
   * The whole subject, never by direct get. What is `known` of it, from an earlier read or publish, is not read again:
   * nothing ever leaves a subject, and nothing follows an end.
   */
  read(subject: string, signal: AbortSignal, known?: SubjectHistory): Promise<SubjectHistory>
  /** The event at a sequence through the leader; `undefined` when there is none or it is not ours to read. */
  get(seq: number, signal: AbortSignal): Promise<StoredEvent<LedgerEvent> | undefined>
  /** Last sequence of the stream. */
  lastSeq(signal: AbortSignal): Promise<number>
  /** Free share and bytes of the ledger's part of the store. */
  room(signal: AbortSignal): Promise<{ readonly freeBytes: number; readonly freeShare: number }>
  /**
   * Stored events in order, from `fromSeq`, up to what was last when the scan began. Events of types that this release
   * does not know are left out; those that it should know and cannot read are logged and left out, unless refused.
   */
  scan(options: ScanOptions): AsyncIterable<StoredEvent<LedgerEvent>>
  /** As `scan`, then on and on as events arrive, across reconnects; ends only with the signal. */
  follow(options: FollowOptions): AsyncIterable<StoredEvent<LedgerEvent>>
}

export interface ScanOptions {
  /** Subject filters; all of the stream when left out. */
  readonly subjects?: readonly string[]
  /** First sequence to deliver; 1 when left out. */
  readonly fromSeq?: number
  /** Only the last event of each subject. */
  readonly lastPerSubject?: boolean
  /**
   * For whoever decides from the whole: throws RetryableError EVENT_TOO_NEW (`newer`), and TerminalError EVENT_UNREADABLE
   * too (`all`), where such an event would be passed over. Of no effect on `follow`.
   */
  readonly refuse?: 'newer' | 'all'
  readonly signal: AbortSignal
}

export interface FollowOptions extends ScanOptions {
  /** Called once, when everything that was stored at the start (and again after each reconnect) has been delivered. */
  readonly onCaughtUp?: () => void
  /** Called, in its place, for each event that is not handed out. */
  readonly onPassedOver?: (passed: PassedOver) => void
}

export interface PassedOver {
  readonly seq: number
  /** `foreign`: of a type that this release does not know, and that is not for it. */
  readonly kind: 'foreign' | 'tooNew' | 'unreadable'
}

/** The stream `PROGRESS`: best effort, last one wins. */
export interface Progress {
  /** @throws RetryableError BROKER_UNAVAILABLE */
  publish(subject: string, event: Extract<OrchestratorEvent, { type: 'attempt.progressed' }>): Promise<void>
  follow(options: FollowOptions): AsyncIterable<StoredEvent<Extract<OrchestratorEvent, { type: 'attempt.progressed' }>>>
  lastSeq(signal: AbortSignal): Promise<number>
}

/** The stream `LOGS`. */
export interface Logs {
  /**
   * Publishes expecting `expectedSeq` as the last sequence of the subject.
   * @returns the batch's sequence, or the last batch that is there instead (`refused`), for the caller to go on after it.
   * @throws RetryableError BROKER_UNAVAILABLE
   */
  publish(subject: string, batch: LogBatch, expectedSeq: number): Promise<LogPublished>
  /** Last batch of the subject through the leader. */
  last(subject: string, signal: AbortSignal): Promise<{ readonly seq: number; readonly batch: LogBatch } | undefined>
  /** Batches in order that hold a line with number `fromLine` or later; follows until the closing batch or the signal. */
  read(options: LogReadOptions): AsyncIterable<LogBatch>
}

export type LogPublished =
  | { readonly kind: 'stored'; readonly seq: number }
  | { readonly kind: 'refused'; readonly seq: number; readonly batch: LogBatch | undefined }

export interface LogReadOptions {
  readonly subject: string
  readonly fromLine: number
  /** False: end with what is stored now. */
  readonly follow: boolean
  readonly signal: AbortSignal
}

export interface DocumentEntry<T> {
  readonly key: string
  readonly value: T
  readonly revision: number
}

/**
 * One bucket of documents. Every write names the revision that it replaces.
 * `create`, `update` and `remove` throw RetryableError DOCUMENT_CONFLICT when someone else was faster, and
 * RetryableError BROKER_UNAVAILABLE; `get` throws RetryableError EVENT_TOO_NEW for a document of a newer release, which
 * a newer replica may handle.
 */
export interface Documents<T> {
  get(key: string): Promise<DocumentEntry<T> | undefined>
  /** @returns the revision */
  create(key: string, value: T): Promise<number>
  update(key: string, value: T, revision: number): Promise<number>
  remove(key: string, revision: number): Promise<void>
  /**
   * All entries whose key matches a NATS filter such as `global.*`; all when left out. Here and in `watch` a document of a
   * newer release, or a damaged one, is logged and passed over, so that it does not hide the others.
   */
  list(filter?: string): Promise<readonly DocumentEntry<T>[]>
  /** What is there, then every change; `value` undefined for a removed key. Ends with the signal. */
  watch(
    signal: AbortSignal,
    filter?: string,
  ): AsyncIterable<{ readonly key: string; readonly value: T | undefined; readonly revision: number }>
}

/** A bucket that can be made again: it also says what in it cannot be read. */
export interface RepairableDocuments<T> extends Documents<T> {
  /** Documents that `list` passes over; `newer`: of a newer release, and left to it. */
  unreadable(): Promise<readonly UnreadableDocument[]>
  /** Of whatever was written last, by the leader; 0 when nothing ever was. @throws RetryableError BROKER_UNAVAILABLE */
  lastRevision(): Promise<number>
}

export interface UnreadableDocument {
  readonly key: string
  readonly revision: number
  readonly newer: boolean
}

/** What a handler of a durable sees. */
export interface Delivery {
  readonly stored: StoredEvent
  /** 1 at the first delivery. */
  readonly tries: number
  /** Aborted when the consumer stops. */
  readonly signal: AbortSignal
}

/** A message as a durable gives it to this replica, before it waits for a handler. */
export interface Arrival {
  /**
   * Counts what the durable gives to all replicas together: no number missing between two, nothing went elsewhere. Starts
   * anew where the durable is made anew.
   */
  readonly delivery: number
  readonly seq: number
  /** First deliveries come in the order of the stream. */
  readonly isFirst: boolean
  /** `undefined`: this release cannot read it. */
  readonly stored: StoredEvent | undefined
}

/**
 * Handlers never settle: returning acknowledges, a retryable error (or a bug) comes again after a backoff, a terminal
 * error or too many tries goes to `DEADLETTERS`. Long work is extended meanwhile.
 */
export type Handler = (delivery: Delivery) => Promise<void>

/** A message that a person asked to have handled once more. */
export interface ReplayDelivery extends Delivery {
  /** Sequence of its letter in `DEADLETTERS`. */
  readonly letter: number
  /** The one channel that it is for. */
  readonly channel: string | undefined
}

/** `obsolete`: there is nothing left to do. `later`: it goes on elsewhere, and whoever ends it says so. */
export type Replayed =
  | { readonly kind: 'handled' }
  | { readonly kind: 'obsolete'; readonly text: string }
  | { readonly kind: 'later' }

/** As {@link Handler}, for replays: comes again, or goes to `DEADLETTERS` as a new letter, in the same way. */
export type ReplayHandler = (delivery: ReplayDelivery) => Promise<Replayed>

/** Messages that nobody stores: who is away does not get them. Contents are JSON, to be parsed by whoever hears them. */
export interface Notices {
  /** @throws RetryableError BROKER_UNAVAILABLE */
  tell(subject: string, message: unknown): Promise<void>
  /** Everything that is answered within the time. @throws RetryableError BROKER_UNAVAILABLE */
  gather(subject: string, message: unknown, waitMs: number): Promise<readonly unknown[]>
  /** Until disposed, across reconnects; what the handler returns is the answer. Of one queue only one listener hears a message. */
  listen(subject: string, handler: (message: unknown) => unknown, options?: { readonly queue?: string }): Disposable
}
