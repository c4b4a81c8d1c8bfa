import { TerminalError } from '../../core/index.ts'

/** Below it a server loses acknowledged events at a power cut or silently ignores what the ledger rests on. */
const OLDEST_BROKER = '2.10.27'

/**
 * Everything that we use is there since the oldest server that we support, so there is nothing to switch by version.
 * @throws TerminalError BROKER_UNSUITABLE naming the version found and what to do
 */
export function assertSupportedServer(version: string): void {
  if (!isAtLeast(version, OLDEST_BROKER)) {
    throw new TerminalError(
      'BROKER_UNSUITABLE',
      `nats-server ${version} is too old: install ${OLDEST_BROKER} or newer (2.14 and 2.15 are maintained)`,
      { details: { found: version, oldest: OLDEST_BROKER } },
    )
  }
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
