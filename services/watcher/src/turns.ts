/** Lets only so many pieces of work run at once; the others wait, in the order that they came. */
export class Turns {
  readonly #waiting: (() => void)[] = []
  #free: number

  constructor(atOnce: number) {
    this.#free = atOnce
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free === 0) await this.#queue()
    else this.#free -= 1
    try {
      return await work()
    } finally {
      this.#pass()
    }
  }

  async #queue(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#waiting.push(resolve)
    await promise
  }

  /** A turn goes straight to whoever waits longest. */
  #pass(): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#free += 1
    else next()
  }
}
