import type { ConversationRequest } from './conversation-request.ts'
import type { Expectation } from './scenario.ts'

/** What of the expectation does not hold, in words. Pure. */
export function unmetExpectations(expect: Expectation, request: ConversationRequest): readonly string[] {
  const { results } = request
  const resultText = results.map(({ text }) => text).join('\n')
  const unmet: string[] = []
  const match = (what: string, pattern: string | undefined, text: string): void => {
    if (pattern !== undefined && !new RegExp(pattern, 's').test(text)) unmet.push(`${what} does not match /${pattern}/`)
  }
  const failed = results.some(({ error }) => error)
  if (expect.toolError !== undefined && expect.toolError !== failed)
    unmet.push(`toolError is ${failed}: ${resultText.slice(0, 400)}`)
  match('toolResult', expect.toolResult, resultText)
  match('prompt', expect.prompt, request.prompt)
  match('system', expect.system, request.system)
  match('model', expect.model, request.model)
  if (expect.toolOffered !== undefined && !request.tools.includes(expect.toolOffered))
    unmet.push(`the tool ${expect.toolOffered} is not offered`)
  return unmet
}
