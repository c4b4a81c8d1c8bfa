/** `npm run check`: all that can be checked without running the system. Every step runs, so one call shows everything. */
import { execFile } from 'node:child_process'

const STEPS = {
  format: ['oxfmt', '--check'],
  lint: ['oxlint', '--format=stylish'],
  types: ['tsc', '--noEmit'],
  'dead code': ['knip'],
  // The page of the command line is as the commands are.
  'cli page': ['vitest', 'run', 'packages/cli/src/reference', '--reporter=dot'],
  // The client is what the OpenAPI document says.
  client: ['node', 'packages/client/generate.ts', '--check'],
}

const REMEDIES: Record<string, string> = {
  format: '`npm run format` corrects this.',
  'cli page': '`npm run generate` writes docs/cli.md anew.',
}

/** Far beyond what a step takes: a tool that hangs is a failure like any other. */
const TIMEOUT_MS = 120_000

interface Outcome {
  name: string
  passed: boolean
  output: string
}

function runStep([name, [command = '', ...args]]: [string, string[]]): Promise<Outcome> {
  const start = performance.now()
  return new Promise((resolve) => {
    execFile(command, args, { timeout: TIMEOUT_MS, maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
      const seconds = ((performance.now() - start) / 1000).toFixed(1)
      console.log(`${error ? 'FAILED' : 'ok    '} ${name.padEnd(9)} ${seconds} s`)
      const reason = error?.killed === true ? `\nstopped after ${seconds} s` : ''
      resolve({ name, passed: error === null, output: (stdout + stderr + reason).trim() })
    })
  })
}

const outcomes = await Promise.all(Object.entries(STEPS).map(runStep))

for (const { name, output } of outcomes.filter((outcome) => !outcome.passed)) {
  console.log(`\n--- ${name}\n${output}`)
  if (name in REMEDIES) console.log(REMEDIES[name])
  process.exitCode = 1
}
