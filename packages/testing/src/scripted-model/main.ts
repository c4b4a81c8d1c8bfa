/** `node main.ts <script.json> <url file>`: a scripted model until SIGTERM; its address goes to the file. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { ModelScript } from './scenario.ts'
import { startScriptedModel } from './server.ts'

const [scriptFile, urlFile] = process.argv.slice(2)
if (scriptFile === undefined || urlFile === undefined) throw new Error('usage: node main.ts <script.json> <url file>')
await using model = await startScriptedModel({
  script: ModelScript.parse(JSON.parse(readFileSync(scriptFile, 'utf8'))),
})
writeFileSync(`${urlFile}.part`, model.url)
renameSync(`${urlFile}.part`, urlFile)
const ended = Promise.withResolvers<void>()
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => ended.resolve())
await ended.promise
for (const failure of model.failures) process.stderr.write(`${failure}\n`)
process.exitCode = model.failures.length === 0 ? 0 : 3
