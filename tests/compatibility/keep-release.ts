/** Keeps the contracts and samples of a release for good: `keep-release.ts 0.2`. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { contractSchemas } from '@orchestrator/shared/contracts'
import { samplesOf } from './samples.ts'

const [release = ''] = process.argv.slice(2)
if (!/^\d+\.\d+$/.test(release)) {
  process.stderr.write(
    `"${release}" is no release: name major and minor, for example\n  node tests/compatibility/keep-release.ts 0.2\n`,
  )
  process.exit(1)
}

const directory = join(import.meta.dirname, release)
// Fails where the release is there already: what was released does not change.
await mkdir(directory)
for (const [name, schema] of contractSchemas()) {
  const samples = samplesOf(name)
  if (samples.length === 0) throw new Error(`${name} has no sample: add one to samples.ts`)
  const text = `${JSON.stringify({ schema, samples }, null, 2)}\n`
  await writeFile(join(directory, `${name}.json`), text, { flag: 'wx' })
}
process.stdout.write(`kept ${release} in ${directory}\n`)
