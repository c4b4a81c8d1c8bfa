/** What a `result` line means. Pure. */
import type { AgentFailure } from '../../ports.ts'
import type { Result } from './messages.ts'

const REFUSED_CREDENTIALS: ReadonlySet<string> = new Set([
  'authentication_failed',
  'oauth_org_not_allowed',
  'account_on_hold',
  'verification_required',
  'billing_error',
  'cloud_credential_error',
])

/** `is_error` counts, not `subtype`: an answer of the model's service that failed is a "success" there. */
export function failureOf(result: Result, apiError: string | undefined): AgentFailure | undefined {
  const { subtype, is_error: isError, terminal_reason: reason, api_error_status: status } = result
  const words = (result.result ?? result.errors.join('; ')).trim()
  if (reason === 'hook_stopped') return { reason: 'AgentError', message: sentence('A hook ended the agent', words) }
  if (!isError) return undefined
  if (subtype === 'error_max_turns')
    return { reason: 'TurnsReached', message: sentence('The agent used all its turns', words) }
  if (subtype === 'error_max_budget_usd')
    return { reason: 'BudgetReached', message: sentence('The agent used up its budget', words) }
  if (status === 401 || status === 403 || REFUSED_CREDENTIALS.has(apiError ?? '')) return credentialsRefused(words)
  if (reason === 'api_error')
    return { reason: 'AgentError', message: sentence("The model's service did not answer", words) }
  return { reason: 'AgentError', message: sentence('The agent ended with an error', words === '' ? subtype : words) }
}

export function credentialsRefused(words: string): AgentFailure {
  return { reason: 'AuthFailed', message: sentence("The model's service refused the agent's credentials", words) }
}

function sentence(what: string, words: string): string {
  return words === '' ? `${what}.` : `${what}: ${words.slice(0, 500)}`
}
