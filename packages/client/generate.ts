/**
 * Writes `src/generated/api.ts` from `docs/openapi.json`: the types of everything that is sent and answered, and where
 * each operation is. `--check` writes nothing and ends with 1 when the file is not what would be written.
 */
import { execFile } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import openapiTS, { astToString } from 'openapi-typescript'
import { z } from 'zod'

const DOCUMENT = new URL('../../docs/openapi.json', import.meta.url)
const TARGET = fileURLToPath(new URL('src/generated/api.ts', import.meta.url))
const COMMAND = 'npm run generate'

const HEAD = `// Generated from docs/openapi.json by "${COMMAND}": not to be edited.`

const Document = z.looseObject({
  paths: z.record(
    z.string(),
    z.record(
      z.string(),
      z.object({ operationId: z.string(), summary: z.string(), description: z.exactOptional(z.string()) }),
    ),
  ),
})

/** Named by its id, with what the document says of it where an editor shows it. */
function operationsOf({ paths }: z.output<typeof Document>): string {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { operationId, summary, description }]) => {
      const text = [summary, ...(description === undefined ? [] : ['', description])]
        .join('\n * ')
        .replaceAll('*/', '*\\/')
      return `/**\n * ${text}\n */\n${operationId}: { method: ${JSON.stringify(method)}, path: ${JSON.stringify(path)} },`
    }),
  )
  return `/** Where each operation is. */\nexport const OPERATIONS = {\n${operations.join('\n')}\n} as const`
}

async function generate(): Promise<string> {
  const text = await readFile(DOCUMENT, 'utf8')
  const types = await openapiTS(text, {
    // A field with a default may be left out of a request.
    defaultNonNullable: false,
    rootTypes: true,
    rootTypesNoSchemaPrefix: true,
    immutable: true,
  })
  const document = Document.parse(JSON.parse(text))
  return await format([HEAD, astToString(types), operationsOf(document)].join('\n\n'))
}

/** As everything else in the repository. */
async function format(source: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const child = execFile('oxfmt', ['--stdin-filepath', TARGET], { maxBuffer: 2 ** 24 }, (error, stdout, stderr) => {
    if (error === null) resolve(stdout)
    else reject(new Error(`oxfmt: ${stderr}`, { cause: error }))
  })
  child.stdin?.end(source)
  return await promise
}

const wanted = await generate()
if (!process.argv.includes('--check')) {
  await mkdir(dirname(TARGET), { recursive: true })
  await writeFile(TARGET, wanted)
} else if ((await readFile(TARGET, 'utf8').catch(() => '')) !== wanted) {
  process.stderr.write(`${TARGET} is not what docs/openapi.json says: run "${COMMAND}"\n`)
  process.exitCode = 1
}
