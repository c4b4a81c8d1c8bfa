import { decodeLogBatch, encodeLogBatch, type LogBatch } from '@orchestrator/shared/contracts'
import { RetryableError } from '@orchestrator/shared/core'
import type { LogPublished, Logs } from '@orchestrator/shared/nats'
import type { LineSource } from '../observers/port.ts'

/** What a publish meets: the answer, or none, with the batch stored or not. */
export type Weather = 'fine' | 'lostAnswer' | 'unreachable'

/** One log subject, as the broker keeps it: refuses what does not follow its last batch. */
export class MemoryLog {
  readonly batches: { readonly seq: number; readonly batch: LogBatch }[] = []
  /** Called before each publish. */
  weather: () => Weather = () => 'fine'
  #seq = 0

  get logs(): Logs {
    return {
      publish: async (_subject, batch, expectedSeq) => await this.#publish(batch, expectedSeq),
      last: () => Promise.resolve(this.batches.at(-1)),
      read: () => {
        throw new Error('not read here')
      },
    }
  }

  /** The stream's limits let everything go. */
  evict(): void {
    this.batches.length = 0
  }

  /** What was stored last was never synced. */
  forgetLast(): void {
    this.batches.pop()
  }

  /** Somebody else publishes between a read and a write. */
  store(batch: LogBatch): number {
    this.#seq += 1
    this.batches.push({ seq: this.#seq, batch: decodeLogBatch(encodeLogBatch(batch)) })
    return this.#seq
  }

  async #publish(batch: LogBatch, expectedSeq: number): Promise<LogPublished> {
    await Promise.resolve()
    const weather = this.weather()
    if (weather === 'unreachable') throw new RetryableError('BROKER_UNAVAILABLE', 'not connected')
    const last = this.batches.at(-1)
    const answer: LogPublished =
      (last?.seq ?? 0) === expectedSeq
        ? { kind: 'stored', seq: this.store(batch) }
        : { kind: 'refused', seq: last?.seq ?? 0, batch: last?.batch }
    if (weather === 'lostAnswer') throw new RetryableError('BROKER_UNAVAILABLE', 'no answer')
    return answer
  }
}

/** A lines file in memory. */
export class MemorySource implements LineSource {
  #bytes = Buffer.alloc(0)

  append(text: string | Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, Buffer.from(text)])
  }

  async read(offset: number, maxBytes: number): Promise<Buffer> {
    return await Promise.resolve(this.#bytes.subarray(offset, offset + maxBytes))
  }

  async size(): Promise<number> {
    return await Promise.resolve(this.#bytes.length)
  }
}
