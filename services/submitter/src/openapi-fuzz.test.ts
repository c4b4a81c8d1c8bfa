import { Agent, request } from 'node:http'
import { startTestBroker } from '@orchestrator/testing'
import formats from 'ajv-formats'
import { Ajv2020 } from 'ajv/dist/2020.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type FuzzRequest, OpenApi, requestsOf } from './testing/openapi-requests.ts'
import { startSubmitter } from './testing/submitter-fixture.ts'

const REQUESTS = 10_000
const AT_ONCE = 16
const ANSWER_WITHIN_MS = 20_000

/** `FUZZ_SEED` plays a run again. */
const seed = Number(process.env['FUZZ_SEED'] ?? Date.now() % 2 ** 31)

interface Answer {
  readonly status: number
  readonly type: string
  readonly body: string
}

/** Streams have no end: of them the beginning is the answer. */
async function send(agent: Agent, url: string, { method, path, headers, body }: FuzzRequest): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  const { hostname, port } = new URL(url)
  const signal = AbortSignal.timeout(ANSWER_WITHIN_MS)
  const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }
  const options = { agent, hostname, port, method, path, headers: { ...headers, ...length }, signal }
  const sent = request(options, (response) => {
    const answer = {
      status: response.statusCode ?? 0,
      type: String(response.headers['content-type']).split(';')[0] ?? '',
    }
    if (/event-stream|ndjson/.test(answer.type) && !path.startsWith('/mcp')) {
      resolve({ ...answer, body: '' })
      response.destroy()
      return
    }
    let text = ''
    response.setEncoding('utf8').on('data', (part: string) => (text += part))
    response.once('end', () => resolve({ ...answer, body: text })).once('error', reject)
  })
  sent.once('error', reject).end(body)
  return await promise
}

/** What the document says of the answers. */
function createCheck(document: OpenApi): (asked: FuzzRequest, answer: Answer) => string | undefined {
  const ajv = new Ajv2020({ strict: false, allErrors: false })
  formats.default(ajv)
  ajv.addSchema({ $id: 'doc', components: document.components })
  const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods))
  return ({ operation }, { status, type, body }) => {
    const described = operations.find(({ operationId }) => operationId === operation)?.responses[String(status)]
    if (described === undefined) return `${status} is not in the document`
    const ref = described.$ref?.split('/').at(-1)
    const { content } = ref === undefined ? described : (document.components.responses[ref] ?? {})
    if (content === undefined && body === '') return undefined
    const schema = content?.[type]?.schema
    if (schema === undefined) return `${status} with ${type} is not in the document`
    if (body === '') return undefined
    const validate = ajv.getSchema(`doc${String(schema['$ref'])}`)
    if (validate === undefined) return `no schema ${String(schema['$ref'])}`
    return validate(JSON.parse(jsonOf(body))) === true ? undefined : ajv.errorsText(validate.errors)
  }
}

/** The last of several server-sent events: before it is news. */
function jsonOf(body: string): string {
  return /^(?:event|data):/m.test(body) ? (body.split('\ndata: ').at(-1) ?? '') : body
}

/** What is only not possible right now, and says so. */
const PASSING = /"code":"(VIEW_NOT_READY|TOO_MANY_READERS|LEDGER_CONFLICT|RUNTIME_UNAVAILABLE)"/

describe('requests made from the OpenAPI document', () => {
  it(`are answered as it says, ${REQUESTS} of them, whatever is in them`, { timeout: 180_000 }, async () => {
    await using broker = await startTestBroker()
    await using submitter = await startSubmitter({ brokerUrl: broker.url })
    await submitter.ready()
    const document = OpenApi.parse(await (await submitter.send('/openapi.json')).json())
    const check = createCheck(document)
    const requests = fc.sample(requestsOf(document), { seed, numRuns: REQUESTS })
    const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE })
    const wrong: string[] = []
    const statuses: Record<string, number> = {}
    const accepted = new Set<string>()
    const worker = async (first: number): Promise<void> => {
      for (let at = first; at < requests.length; at += AT_ONCE) {
        const asked = requests[at]
        if (asked === undefined) return
        try {
          const answer = await send(agent, submitter.url, asked)
          statuses[answer.status] = (statuses[answer.status] ?? 0) + 1
          const isBad = answer.status >= 500 && !PASSING.test(answer.body) && asked.operation !== 'getReadiness'
          const problem = isBad ? `${answer.status} ${answer.body}` : check(asked, answer)
          if (problem !== undefined) wrong.push(`${JSON.stringify(asked).slice(0, 600)}: ${problem}`)
          const name = /^\{"task":.*?"attempt":"([^"]+)"/.exec(answer.body)?.[1]
          if (name !== undefined) accepted.add(name)
        } catch (error) {
          wrong.push(`${JSON.stringify(asked).slice(0, 600)}: ${String(error)}`)
        }
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, (_, first) => worker(first)))
    agent.destroy()
    process.stdout.write(`${REQUESTS} requests, FUZZ_SEED=${seed}: ${JSON.stringify(statuses)}\n`)
    expect(wrong.slice(0, 5), `FUZZ_SEED=${seed} plays it again; ${wrong.length} were wrong`).toEqual([])
    expect(accepted.size).toBeGreaterThan(20)
    await submitter.ready()
    for (const name of accepted) expect((await submitter.attempt(name)).name).toBe(name)
  })
})
