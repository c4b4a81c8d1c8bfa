import { temporaryDirectory } from '@orchestrator/testing'
import { describe, expect, it } from 'vitest'
import { earlyTest, stopCommit } from './test-record.ts'

const bash = (command: string, failed?: string): object => ({
  hook_event_name: failed === undefined ? 'PostToolUse' : 'PostToolUseFailure',
  tool_name: 'Bash',
  tool_input: { command },
  ...(failed === undefined ? {} : { error: failed }),
})
const EDIT = { hook_event_name: 'PostToolUse', tool_name: 'Write', tool_input: {} }

async function ends(...events: readonly object[]): Promise<boolean> {
  await using directory = await temporaryDirectory()
  for (const event of events) earlyTest(directory.path, event)
  return stopCommit(directory.path) === undefined
}

describe('the end of an agent', () => {
  it('is let be after a test that passed, and not before one', async () => {
    expect(await ends()).toBe(false)
    expect(await ends(bash('ls'))).toBe(false)
    expect(await ends(bash('npm test'))).toBe(true)
    expect(await ends(bash('npm test', 'Exit code 1\nfailed'))).toBe(false)
    expect(await ends(bash('npm test | tail'))).toBe(false)
    expect(await ends(bash('npm test', 'Exit code 1'), bash('npm test'))).toBe(true)
    expect(await ends(bash('npm test'), EDIT)).toBe(false)
    expect(await ends(bash('npm test'), EDIT, bash('npm test'))).toBe(true)
  })

  it('is refused twice at most', async () => {
    await using directory = await temporaryDirectory()
    expect([1, 2, 3].map(() => stopCommit(directory.path) === undefined)).toEqual([false, false, true])
  })

  it('bears whatever a hook is given', async () => {
    await using directory = await temporaryDirectory()
    for (const input of [null, 3, [], { tool_name: 'Bash' }, { tool_name: 'Bash', tool_input: 7 }])
      earlyTest(directory.path, input)
    expect(stopCommit(directory.path)).toBeDefined()
  })
})
