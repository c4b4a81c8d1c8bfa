/** More than are ever between launch and end at once: one for each workspace. */
const MAX = 1000

/** The newest names: a machine without work remembers no more of its workloads than a real one. */
export class Recent extends Set<string> {
  override add(name: string): this {
    super.add(name)
    const [oldest] = this
    if (this.size > MAX && oldest !== undefined) this.delete(oldest)
    return this
  }
}
