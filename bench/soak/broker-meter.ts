/** What the broker holds when nobody asks it for anything, in the same quantities as a service. */
import { readdirSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import type { TestBroker } from '@orchestrator/testing'
import { processMeter } from '../measure/processes.ts'
import type { Sample } from './sampling.ts'

export interface BrokerMeter {
  /** Takes its time: what the broker keeps of files for a while is to be gone. */
  takeSample(): Promise<Sample>
}

export interface Patience {
  readonly looks: number
  readonly everyMs: number
}

const MIB = 2 ** 20
/**
 * It keeps up to 8 MiB of the file of each stream that it writes or reads, until nobody has for ten seconds, and lets go
 * of that step by step. A service that looks for work now and then has it read some again: the least of many looks counts.
 */
const UNTIL_CALM: Patience = { looks: 35, everyMs: 1000 }

export function brokerMeter(
  { pid, profileUrl }: Pick<TestBroker, 'pid' | 'profileUrl'>,
  { looks, everyMs }: Patience = UNTIL_CALM,
): BrokerMeter {
  const look = async (): Promise<Sample> => {
    const heap = await read(`${profileUrl}/debug/pprof/heap?debug=1&gc=1`)
    const goroutines = await read(`${profileUrl}/debug/pprof/goroutine?debug=1`)
    return {
      'broker heap': numberIn(heap, /^# HeapAlloc = (\d+)$/m) / MIB,
      'broker resident': processMeter(pid).residentBytes() / MIB,
      'broker goroutines': numberIn(goroutines, /^goroutine profile: total (\d+)$/m),
      'broker descriptors': readdirSync(`/proc/${pid}/fd`).length,
    }
  }
  return {
    takeSample: async () => {
      let least = await look()
      for (let i = 1; i < looks; i += 1) {
        await delay(everyMs)
        least = leastOf(least, await look())
      }
      return least
    },
  }
}

function leastOf(a: Sample, b: Sample): Sample {
  return Object.fromEntries(Object.entries(a).map(([name, value]) => [name, Math.min(value, b[name] ?? value)]))
}

async function read(url: string): Promise<string> {
  return await (await fetch(url)).text()
}

function numberIn(profile: string, pattern: RegExp): number {
  const found = pattern.exec(profile)?.[1]
  if (found === undefined) throw new Error(`a profile of the broker lacks ${pattern}`)
  return Number(found)
}
