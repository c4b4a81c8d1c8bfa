import type { ModelUsages } from './messages.ts'

export interface TokenUse {
  readonly inputTokens: number
  readonly outputTokens: number
  readonly costUsd: number
}

/** Over all models; what was read from a cache or written to it was input too. */
export function totalOf(usages: ModelUsages): TokenUse {
  const models = Object.values(usages)
  const sum = (of: (usage: ModelUsages[string]) => number): number =>
    models.reduce((total, usage) => total + of(usage), 0)
  return {
    inputTokens: Math.round(
      sum(
        ({ inputTokens, cacheReadInputTokens, cacheCreationInputTokens }) =>
          inputTokens + cacheReadInputTokens + cacheCreationInputTokens,
      ),
    ),
    outputTokens: Math.round(sum(({ outputTokens }) => outputTokens)),
    costUsd: sum(({ costUSD }) => costUSD),
  }
}

export function plus(a: TokenUse, b: TokenUse): TokenUse {
  return combine(a, b, (x, y) => x + y)
}

/** Never below zero: figures of others may be anything. */
export function minus(a: TokenUse, b: TokenUse): TokenUse {
  return combine(a, b, (x, y) => Math.max(0, x - y))
}

function combine(a: TokenUse, b: TokenUse, by: (x: number, y: number) => number): TokenUse {
  return {
    inputTokens: by(a.inputTokens, b.inputTokens),
    outputTokens: by(a.outputTokens, b.outputTokens),
    costUsd: by(a.costUsd, b.costUsd),
  }
}
