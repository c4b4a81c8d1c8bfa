/** Sends what was made, and holds the answers against the OpenAPI document. */
import { type Agent, request } from 'node:http'
import formats from 'ajv-formats'
import { Ajv2020 } from 'ajv/dist/2020.js'
import type { Caller, Names } from './callers.ts'
import type { FuzzRequest, OpenApi } from './openapi-requests.ts'

const ANSWER_WITHIN_MS = 20_000

export interface Asked {
  readonly request: FuzzRequest
  readonly caller: Caller
  readonly names: Names
}

export interface Answer {
  readonly status: number
  readonly type: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

/** Streams have no end: of them the beginning is the answer. */
export async function send(agent: Agent, url: string, { request: made, caller, names }: Asked): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  const { hostname, port } = new URL(url)
  const { method, path, body } = made
  const signal = AbortSignal.timeout(ANSWER_WITHIN_MS)
  const headers = {
    ...made.headers,
    ...(body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
    ...(caller.authorization === undefined ? {} : { authorization: caller.authorization }),
    ...(names.host === undefined ? {} : { host: names.host }),
    ...(names.origin === undefined ? {} : { origin: names.origin }),
  }
  const sent = request({ agent, hostname, port, method, path, headers, signal }, (response) => {
    const type = String(response.headers['content-type']).split(';')[0] ?? ''
    const answer = { status: response.statusCode ?? 0, type, headers: response.headers }
    if (/event-stream|ndjson/.test(type) && !path.startsWith('/mcp')) {
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
export function createDocumentCheck(document: OpenApi): (asked: FuzzRequest, answer: Answer) => string | undefined {
  const ajv = new Ajv2020({ strict: false, allErrors: false })
  formats.default(ajv)
  ajv.addSchema({ $id: 'doc', components: document.components })
  const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods))
  return ({ operation }, { status, type, body, headers }) => {
    const described = operations.find(({ operationId }) => operationId === operation)?.responses[String(status)]
    if (described === undefined) return `${status} is not in the document`
    if (status === 401 && headers['www-authenticate'] === undefined) return '401 does not say which token is needed'
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

/** What no request may bring about, whatever the document says. */
export function faultOfServer({ operation }: FuzzRequest, { status, body, headers }: Answer): string | undefined {
  if (headers['x-fuzz'] !== undefined) return 'a header of the request is one of the answer'
  const isBad = status >= 500 && !PASSING.test(body) && operation !== 'getReadiness'
  return isBad ? `${status} ${body}` : undefined
}
