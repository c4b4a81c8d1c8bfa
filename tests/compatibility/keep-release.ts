/** Keeps the contracts and samples of a release for good: `keep-release.ts 0.2`. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { contractSchemas } from '@orchestrator/shared/contracts'
import { missingFields } from './missing-fields.ts'
import { samplesOf } from './samples.ts'

const [release = ''] = process.argv.slice(2)
if (!/^\d+\.\d+$/.test(release)) {
  process.stderr.write(
    `"${release}" is no release: name major and minor, for example\n  node tests/compatibility/keep-release.ts 0.2\n`,
  )
  process.exit(1)
}

const directory = join(import.meta.dirname, release)
const kept = [...contractSchemas()].map(([name, schema]) => ({ name, schema, samples: samplesOf(name) }))
for (const { name, schema, samples } of kept) {
  const missing = samples.length === 0 ? ['anything'] : missingFields(schema, samples)
  if (missing.length > 0) throw new Error(`no sample of ${name} shows ${missing.join(', ')}: add them to samples.ts`)
}
// Fails where the release is there already: what was released does not change.
await mkdir(directory)
for (const { name, schema, samples } of kept) {
  const text = `${JSON.stringify({ schema, samples }, null, 2)}\n`
  await writeFile(join(directory, `${name}.json`), text, { flag: 'wx' })
}
process.stdout.write(`kept ${release} in ${directory}\n`)
