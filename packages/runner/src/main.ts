/** `node main.ts <launch folder> <spawn id>`: what runs inside an attempt. */
import { nodeVersionProblem } from './node-version.ts'

const problem = nodeVersionProblem(process.versions.node)
if (problem === undefined) {
  const { startRunner } = await import('./start-runner.ts')
  // Every line is out: nothing that still waits may hold the exit up.
  process.exit(await startRunner({ argv: process.argv.slice(2), environment: process.env }))
} else {
  process.stderr.write(`${problem}\n`)
  process.exitCode = 1
}
