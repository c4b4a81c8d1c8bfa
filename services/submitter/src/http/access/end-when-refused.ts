import type { ServerResponse } from 'node:http'
import type { TokenDocument } from '@orchestrator/shared/contracts'
import type { KnownTokens } from '../../tokens/known-tokens.ts'
import { stateOf } from '../../tokens/tokens.ts'

export interface EndDependencies {
  readonly known: Pick<KnownTokens, 'latest' | 'onLook'>
  readonly now: () => Date
}

/** Answers that are on their way: a log that is followed takes hours, and its reader's token may end meanwhile. */
export interface AnswersUnderWay {
  add(answer: ServerResponse, token: TokenDocument): void
}

export function endWhenRefused({ known, now }: EndDependencies): AnswersUnderWay {
  const answers = new Map<ServerResponse, TokenDocument>()
  known.onLook(() => {
    for (const [answer, token] of answers) {
      const latest = known.latest(token)
      if (latest === undefined || stateOf(latest, now()) !== 'active') answer.destroy()
    }
  })
  return {
    add: (answer, token) => {
      answers.set(answer, token)
      answer.once('close', () => answers.delete(answer))
    },
  }
}
