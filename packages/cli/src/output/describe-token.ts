import type { Token, TokenList } from '@orchestrator/client'
/** Tokens as people read them; a token itself is never among it. Pure. */
import { type Colour, formatTable, type Paint } from '@orchestrator/client/texts'
import { printableLine } from '@orchestrator/shared/core'

export interface TokensText {
  readonly list: TokenList
  readonly paint: Paint
  /** How people call the command line. */
  readonly command: string
}

const COLOURS: Record<Token['state'], Colour> = { active: 'green', expired: 'yellow', revoked: 'red' }

export function describeTokens({ list: { tokens }, paint, command }: TokensText): string {
  if (tokens.length === 0) return `No tokens. Make one with: ${command} tokens create <name> --scope read`
  const header = ['NAME', 'STATE', 'SCOPES', 'SERVICES', 'EXPIRES', 'MADE', 'BY'].map((title) => paint('dim', title))
  const rows = tokens.map(({ name, state, scopes, services, expiresAt, createdAt, createdBy }) => [
    printableLine(name),
    paint(COLOURS[state], state),
    printableLine(scopes.join(', ')),
    services === null ? 'all' : printableLine(services.join(', ')),
    dayOf(expiresAt ?? 'never'),
    dayOf(createdAt),
    printableLine(createdBy),
  ])
  return formatTable([header, ...rows])
}

function dayOf(time: string): string {
  return printableLine(time.slice(0, 10))
}
