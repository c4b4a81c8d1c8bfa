import { createInterface } from 'node:readline/promises'
import { TerminalError } from '@orchestrator/shared/core'
import type { CliContext } from '../context.ts'

export interface Question {
  /** What is about to happen, ending in a question. */
  readonly text: string
  /** The same where nobody can be asked: `stopping trader-…`. */
  readonly doing: string
  /** What is said to a no. */
  readonly refused: string
}

/** @throws TerminalError INPUT_INVALID unless a person says yes */
export async function confirm({ screen, stdin, interactive, signal }: CliContext, question: Question): Promise<void> {
  const { text, doing, refused } = question
  if (!interactive) throw new TerminalError('INPUT_INVALID', `${doing} has to be confirmed: add --yes`)
  screen.print(`${text} [y/N]`)
  const lines = createInterface({ input: stdin, signal })
  const [answer = ''] = await Array.fromAsync(takeOne(lines))
  if (!/^y(es)?$/i.test(answer.trim())) throw new TerminalError('INPUT_INVALID', refused)
}

async function* takeOne<T>(items: AsyncIterable<T>): AsyncGenerator<T> {
  for await (const item of items) {
    yield item
    return
  }
}
