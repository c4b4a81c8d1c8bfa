/** What the hooks note of an agent's tests. Only Node's own modules: a hook runs after every command. */
import { appendFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { testsIn } from '../agents/test-commands.ts'

/** So often an agent is sent back; then its claim is left to the evidence. */
const REFUSALS_MAX = 2
const REFUSAL =
  'No test was seen passing since your last change. Run the tests, read what they print, and correct what fails. If nothing can be tested here, say exactly what was not tested and call the work incomplete.'

const RECORD = 'record'

function note(directory: string, event: 'edit' | 'passed' | 'failed' | 'refused'): void {
  appendFileSync(join(directory, RECORD), `${event}\n`)
}

/** After a tool: notes tests and how they ended, and edits, which make earlier tests old. */
export function earlyTest(directory: string, input: unknown): void {
  const call = asRecord(input)
  if (call['tool_name'] !== 'Bash') return note(directory, 'edit')
  const command = asRecord(call['tool_input'])['command']
  const failed = /^Exit code (\d+)/.exec(String(call['error']))?.[1]
  const exitCode = call['hook_event_name'] === 'PostToolUse' ? 0 : failed === undefined ? null : Number(failed)
  for (const test of typeof command === 'string' ? testsIn(command, exitCode) : [])
    note(directory, test.exitCode === 0 ? 'passed' : 'failed')
}

/** When the agent wants to end: why it may not yet; `undefined` when it may. */
export function stopCommit(directory: string): string | undefined {
  const events = readEvents(directory)
  const last = events.findLast((event) => event !== 'refused')
  const refusals = events.filter((event) => event === 'refused').length
  if (last === 'passed' || refusals >= REFUSALS_MAX) return undefined
  note(directory, 'refused')
  return REFUSAL
}

function readEvents(directory: string): readonly string[] {
  try {
    return readFileSync(join(directory, RECORD), 'utf8')
      .split('\n')
      .filter((event) => event !== '')
  } catch {
    return []
  }
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}
