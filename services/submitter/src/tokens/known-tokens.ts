import { TokenDocument } from '@orchestrator/shared/contracts'
import { type Clock, RetryableError, sha256Hex } from '@orchestrator/shared/core'
import type { RepairableDocuments } from '@orchestrator/shared/nats'

/** Tokens are refused when nobody has looked for so long whether one was revoked. */
const TRUSTED_MS = 3000
const LOOK_MS = 500
const NO_ANSWER_MS = 1000

export interface KnownTokens {
  /**
   * The document of a token, revoked and expired ones too; `undefined` for one that nobody made. Asks nobody.
   * @throws RetryableError BROKER_UNAVAILABLE when the bucket could not be read lately
   */
  find(token: string): TokenDocument | undefined
  /** As {@link find}, for a token that was found before; from what is known here, however old. */
  latest(token: TokenDocument): TokenDocument | undefined
  /** Calls back whenever a token may have lost its force, twice a second at least. */
  onLook(listener: () => void): void
  /** What was just written here is known here at once. */
  apply(token: TokenDocument, revision: number): void
  /** True while {@link find} answers. */
  readonly current: boolean
  /** Follows the bucket until the signal aborts. */
  follow(signal: AbortSignal): Promise<void>
}

export interface KnownTokensOptions {
  /** Read as anything: what cannot be understood must take the place of what could be, not leave it in force. */
  readonly documents: Pick<RepairableDocuments<unknown>, 'watch' | 'lastRevision'>
  readonly clock: Clock
}

export function createKnownTokens(options: KnownTokensOptions): KnownTokens {
  return new FollowedTokens(options)
}

interface Held {
  readonly revision: number
  readonly token: TokenDocument | undefined
}

/**
 * All tokens in memory, by their hash. The map is asked for a hash, which nobody can choose byte by byte: how long that
 * takes tells nothing about a token.
 */
class FollowedTokens implements KnownTokens {
  readonly #options: KnownTokensOptions
  readonly #byName = new Map<string, Held>()
  readonly #byHash = new Map<string, TokenDocument>()
  /** Revision that the watch has come to. */
  #seen = 0
  #provenAt = Number.NEGATIVE_INFINITY
  readonly #listeners: (() => void)[] = []

  constructor(options: KnownTokensOptions) {
    this.#options = options
  }

  get current(): boolean {
    return this.#options.clock.monotonicMs() - this.#provenAt <= TRUSTED_MS
  }

  find(token: string): TokenDocument | undefined {
    if (this.current) return this.#byHash.get(sha256Hex(token))
    throw new RetryableError('BROKER_UNAVAILABLE', 'tokens cannot be checked right now: the broker does not answer', {
      retryAfterMs: 1000,
    })
  }

  latest({ hash }: TokenDocument): TokenDocument | undefined {
    return this.#byHash.get(hash)
  }

  onLook(listener: () => void): void {
    this.#listeners.push(listener)
  }

  /** Not while the bucket is being read again: what is not here yet may be in force. */
  #tell(): void {
    if (!this.current) return
    for (const listener of this.#listeners) listener()
  }

  apply(token: TokenDocument, revision: number): void {
    this.#hold(token.name, { revision, token })
    this.#tell()
  }

  #hold(name: string, held: Held): void {
    const before = this.#byName.get(name)
    if (before !== undefined && before.revision > held.revision) return
    if (before?.token !== undefined) this.#byHash.delete(before.token.hash)
    this.#byName.set(name, held)
    if (held.token !== undefined) this.#byHash.set(held.token.hash, held.token)
  }

  async follow(signal: AbortSignal): Promise<void> {
    const over = new AbortController()
    const either = AbortSignal.any([signal, over.signal])
    this.#forget()
    try {
      await Promise.race([this.#watch(either), this.#prove(either)])
    } finally {
      over.abort()
    }
  }

  #forget(): void {
    this.#byName.clear()
    this.#byHash.clear()
    this.#seen = 0
    this.#provenAt = Number.NEGATIVE_INFINITY
  }

  async #watch(signal: AbortSignal): Promise<void> {
    for await (const { key, value, revision } of this.#options.documents.watch(signal)) {
      const { data: token } = TokenDocument.safeParse(value)
      this.#hold(key, { revision, token })
      this.#seen = revision
      this.#tell()
    }
  }

  /** A watch that hears nothing may be cut off: the bucket itself is asked how far it is. */
  async #prove(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options
    for (;;) {
      const askedAt = clock.monotonicMs()
      const last = await this.#lastRevision(signal)
      if (last !== undefined && last < this.#seen)
        throw new RetryableError('BROKER_UNAVAILABLE', 'the bucket of tokens was made anew: it is read again')
      const isCaughtUp = last !== undefined && this.#seen >= last
      if (isCaughtUp) this.#provenAt = askedAt
      // Time alone ends a token too.
      this.#tell()
      await clock.sleep(isCaughtUp ? LOOK_MS : LOOK_MS / 10, signal)
    }
  }

  async #lastRevision(signal: AbortSignal): Promise<number | undefined> {
    try {
      return await this.#options.documents.lastRevision()
    } catch (error) {
      if (!(error instanceof RetryableError)) throw error
      await this.#options.clock.sleep(NO_ANSWER_MS / 4, signal)
      return undefined
    }
  }
}
