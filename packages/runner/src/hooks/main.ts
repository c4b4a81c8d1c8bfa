/** `node main.ts early-test|stop-commit`: what the hooks of an agent do. Reads the hook's JSON from standard input. */
import { readFileSync } from 'node:fs'
import { earlyTest, stopCommit } from './test-record.ts'

const directory = process.env['ORCHESTRATOR_HOOK_STATE']
const input: unknown = JSON.parse(readFileSync(0, 'utf8'))
if (directory !== undefined && process.argv[2] === 'early-test') earlyTest(directory, input)
if (directory !== undefined && process.argv[2] === 'stop-commit') {
  const refusal = stopCommit(directory)
  if (refusal !== undefined) {
    process.stderr.write(`${refusal}\n`)
    // Means: go back to work, for this reason.
    process.exitCode = 2
  }
}
