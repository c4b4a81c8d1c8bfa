import { execFileSync } from 'node:child_process'
import { availableParallelism, cpus, totalmem } from 'node:os'

/** What a reader of a saved result must know to compare it with another. */
export interface Machine {
  cpu: string
  cores: number
  memoryGiB: number
  node: string
  natsServer: string
}

export function describeMachine(natsServer: string): Machine {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.versions.node,
    // "nats-server: v2.15.1"
    natsServer: execFileSync(natsServer, ['-v'], { encoding: 'utf8' })
      .replace(/^[^0-9]*/, '')
      .trim(),
  }
}
