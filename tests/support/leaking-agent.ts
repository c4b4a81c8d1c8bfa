/** An agent that gives away each secret it was given, in the way that is its own; from the second attempt on it only fails. */
import { type Say, variableOf, WAYS } from './leaks.ts'

async function put(stream: 'stdout' | 'stderr', text: string): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  process[stream].write(text, () => resolve())
  return promise
}

const say: Say = {
  out: (text) => put('stdout', text),
  error: (text) => put('stderr', text),
  hint: (value) => put('stdout', `${JSON.stringify(value)}\n`),
}
if (process.env['ORCHESTRATOR_ATTEMPT_NUMBER'] === '1')
  for (const [index, { leak }] of Object.values(WAYS).entries()) await leak(process.env[variableOf(index)] ?? '', say)
else {
  await say.error(`giving up: ${process.env[variableOf(0)]}\n`)
  process.exitCode = 1
}
