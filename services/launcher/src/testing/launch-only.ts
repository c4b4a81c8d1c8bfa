/** A launcher of one launch, to be killed: `node launch-only.ts <state directory> <order as JSON>`. Prints the uid. */
import { AttemptFile } from '@orchestrator/shared/contracts'
import { createTestRuntime } from './test-runtime.ts'

const [stateDirectory = '', order = ''] = process.argv.slice(2)
const attempt = AttemptFile.parse(JSON.parse(order))
const uid = await createTestRuntime(stateDirectory).launchHeld({ attempt, texts: {} }, new AbortController().signal)
process.stdout.write(`${uid}\n`)
setInterval(() => undefined, 1000)
