import { TerminalError } from '../core/index.ts'

/** What differs between the servers that we support; everything else is there since the oldest of them. */
export interface BrokerFeatures {
  /** A stream may skip the sync of each write (`persist_mode: async`), at one replica only. Older servers drop the field. */
  readonly asyncPersist: boolean
}

/** Below it a server loses acknowledged events at a power cut or silently ignores what the ledger rests on. */
export const OLDEST_BROKER = '2.10.27'

const SINCE = { asyncPersist: '2.12.0' } as const satisfies Record<keyof BrokerFeatures, string>

/** @throws TerminalError BROKER_UNSUITABLE naming the version found and what to do */
export function brokerFeatures(version: string): BrokerFeatures {
  if (!isAtLeast(version, OLDEST_BROKER)) {
    throw new TerminalError(
      'BROKER_UNSUITABLE',
      `nats-server ${version} is too old: install ${OLDEST_BROKER} or newer (2.14 and 2.15 are maintained)`,
      { details: { found: version, oldest: OLDEST_BROKER } },
    )
  }
  return { asyncPersist: isAtLeast(version, SINCE.asyncPersist) }
}

/** Compares numbers only: a pre-release counts as its release. What is no version at all is too old. */
export function isAtLeast(version: string, oldest: string): boolean {
  const [found, wanted] = [numbersOf(version), numbersOf(oldest)]
  for (const [i, least] of wanted.entries()) {
    const have = found[i] ?? 0
    if (have !== least) return have > least
  }
  return found.length > 0
}

function numbersOf(version: string): number[] {
  const core = /^v?(\d+(?:\.\d+)*)/.exec(version)?.[1]
  return core === undefined ? [] : core.split('.').map(Number)
}
