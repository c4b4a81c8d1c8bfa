import { randomBytes } from 'node:crypto'
import { TokenDocument } from '@orchestrator/shared/contracts'
import type { Clock } from '@orchestrator/shared/core'
import { type Broker, openDocuments } from '@orchestrator/shared/nats'
import type { BackgroundLoops } from '@orchestrator/shared/service'
import { z } from 'zod'
import type { SubmitterConfig } from '../config.ts'
import { type IsAdminToken, readAdminToken } from './admin-token.ts'
import { createKnownTokens, type KnownTokens } from './known-tokens.ts'
import { createTokens, type Tokens } from './tokens.ts'

/** Everything about tokens that the service is made of. */
export interface Access {
  readonly tokens: Tokens
  readonly known: KnownTokens
  readonly isAdmin: IsAdminToken
  readonly required: boolean
}

export interface AccessOptions {
  readonly broker: Broker
  readonly config: Pick<SubmitterConfig, 'ADMIN_TOKEN_FILE' | 'REQUIRE_TOKENS'>
  readonly loops: BackgroundLoops
  readonly clock: Clock
}

/** @throws TerminalError CONFIG_INVALID; RetryableError BROKER_UNAVAILABLE */
export async function openAccess({ broker, config, loops, clock }: AccessOptions): Promise<Access> {
  const isAdmin = await readAdminToken(config.ADMIN_TOKEN_FILE)
  const known = createKnownTokens({ documents: await openDocuments(broker, 'tokens', z.unknown()), clock })
  loops.start('tokens', (signal) => known.follow(signal))
  const documents = await openDocuments(broker, 'tokens', TokenDocument)
  const tokens = createTokens({ documents, known, now: () => clock.now(), randomBytes })
  return { tokens, known, isAdmin, required: config.REQUIRE_TOKENS }
}
