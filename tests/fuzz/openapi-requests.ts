/** Requests made from the OpenAPI document: mostly as it says, and now and then not at all. */
import fc from 'fast-check'
import { z } from 'zod'

export const AGENT = 'claude-agent-1'
const REPOSITORY = 'git@github.com:example/trader.git'
const PLATFORM = 'https://github.com/example/platform.git'

/** Does something wherever it is not treated as text: in headers, server-sent events, logs, terminals. */
const MARKER = 'fuzz\u001B]0;fuzz\u0007\r\nX-Fuzz: 1\n\nevent: fuzz\ndata: {}\n\n\u009B31m\u202Efuzz'

const Schema = z.record(z.string(), z.unknown())
type Schema = z.infer<typeof Schema>

const Content = z.record(z.string(), z.object({ schema: Schema }))
const Response = z.object({ $ref: z.exactOptional(z.string()), content: z.exactOptional(Content) })
const Operation = z.object({
  operationId: z.string(),
  parameters: z.array(z.object({ name: z.string(), in: z.string(), schema: Schema })).default([]),
  requestBody: z.exactOptional(z.object({ content: z.object({ 'application/json': z.object({ schema: Schema }) }) })),
  responses: z.record(z.string(), Response),
  security: z.array(z.object({ token: z.exactOptional(z.array(z.string())) })),
})
type Operation = z.infer<typeof Operation>

export const OpenApi = z.object({
  paths: z.record(z.string(), z.record(z.string(), Operation)),
  components: z.object({ schemas: z.record(z.string(), Schema), responses: z.record(z.string(), Response) }),
})
export type OpenApi = z.infer<typeof OpenApi>

export interface FuzzRequest {
  readonly operation: string
  /** The scopes that it needs: none where any token will do, undefined for what everybody may ask. */
  readonly scopes: readonly string[] | undefined
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | undefined
}

const HOSTILE = [
  MARKER,
  "'; DROP TABLE attempts;--",
  '$(touch /tmp/pwned)',
  '../../etc/passwd',
  '..',
  '{{7*7}}',
  '__proto__',
  'constructor',
  'a\u0000b',
  '\u001B[31m',
  '🙂'.repeat(20),
  'x'.repeat(2000),
  ' ',
  'NaN',
  '-1',
  '1e309',
  '9007199254740993',
] as const

const TOOL_ARGUMENTS: Readonly<Record<string, readonly string[]>> = {
  submit_implementation_task: ['service', 'task_id', 'agent', 'branch', 'idempotency_key', 'platform_repository_url'],
  retry_task: ['service', 'task_id', 'guidance', 'previous', 'model'],
  get_task_status: ['attempt', 'service', 'task_id', 'tag'],
  get_task_logs: ['attempt', 'from_line', 'limit', 'unknown'],
  list_tasks: ['service', 'phase', 'agent', 'cursor'],
  stop_task: ['attempt', 'confirm', 'note'],
}

/** Calls of tools with hostile arguments, and what else the protocol knows. */
const PARAMS: readonly unknown[] = [
  { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'fuzz', version: '0' } },
  { uri: 'orchestrator://attempts/../../etc/passwd/log' },
  { uri: `orchestrator://attempts/trader-${AGENT}-task1-attempt1/result` },
  ...Object.entries(TOOL_ARGUMENTS).flatMap(([name, fields]) => [
    { name },
    ...HOSTILE.map((value) => ({ name, arguments: Object.fromEntries(fields.map((field) => [field, value])) })),
    {
      name,
      arguments: { service: 'trader', task_id: 1, attempt: `trader-${AGENT}-task1-attempt1`, guidance: 'again' },
    },
  ]),
]

/** What is there, so that requests meet each other. */
const KNOWN: Readonly<Record<string, readonly unknown[]>> = {
  service: ['trader', 'ledger-service', 'x'],
  taskId: ['1', '2', '3', '4', '5', '6', '7.2'],
  id: ['1', '2', '7.2'],
  tag: ['master'],
  agent: [AGENT],
  name: [`trader-${AGENT}-task1-attempt1`, `trader-${AGENT}-task2-attempt1`, `x-${AGENT}-task1-attempt1`],
  attempt: [`trader-${AGENT}-task1-attempt1`],
  previous: [1],
  repositoryUrl: [REPOSITORY],
  platformRepositoryUrl: [PLATFORM],
  model: ['sonnet'],
  branch: ['main', 'trunk'],
  platformBranch: ['main'],
  githubUser: ['octocat'],
  platformUser: ['octocat'],
  workingDirectory: ['trader'],
  guidance: ['Use reqwest instead of curl.', MARKER],
  note: ['The task has changed.', MARKER],
  after: [0, 1],
  sequence: ['1'],
  cursor: ['YmVmb3JlOjE3'],
  since: ['2026-03-02T09:00:00Z', '2026-03-02T09:00:00.5+01:00'],
  until: ['2126-03-02T09:00:00Z', '1970-01-01T00:00:00-00:00'],
  method: ['tools/call', 'tools/call', 'tools/list', 'resources/read', 'resources/list', 'initialize', 'ping'],
  params: PARAMS,
}

/** These cost seconds, or make everything else wait: enough of them, not more. */
const RARE = new Set(['orderRebuild', 'getRebuild', 'getHealth', 'followEvents', 'createToken'])

/** What changes something, of which most is refused. */
const FREQUENT = new Set(['submitTask', 'retryTask', 'stopAttempt', 'callTools'])

const hostile = fc.constantFrom(...HOSTILE)

export function requestsOf(document: OpenApi): fc.Arbitrary<FuzzRequest> {
  const each = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      weight: RARE.has(operation.operationId) ? 1 : FREQUENT.has(operation.operationId) ? 200 : 50,
      arbitrary: requestOf({ document, path, method, operation }),
    })),
  )
  return fc.oneof(...each)
}

interface Described {
  readonly document: OpenApi
  readonly path: string
  readonly method: string
  readonly operation: Operation
}

function requestOf({ document, path, method, operation }: Described): fc.Arbitrary<FuzzRequest> {
  const inPlace = (place: string): Record<string, fc.Arbitrary<unknown>> =>
    Object.fromEntries(
      operation.parameters
        .filter((parameter) => parameter.in === place)
        .map(({ name, schema }) => [name, valueOf(document, { name, schema })]),
    )
  const bodySchema = operation.requestBody?.content['application/json'].schema
  return fc
    .record({
      params: fc.record(inPlace('path')),
      query: fc.record(inPlace('query'), { requiredKeys: [] }),
      unknown: fc.oneof({ weight: 30, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: hostile }),
      headers: fc.record(inPlace('header'), { requiredKeys: [] }),
      body: bodySchema === undefined ? fc.constant(undefined) : bodyOf(document, bodySchema),
    })
    .map(({ params, query, unknown, headers, body }) => {
      const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encode(params[name]))
      const search = Object.entries(query).map(([name, value]) => `${name}=${encode(value)}`)
      if (unknown !== null) search.push(`unknown=${encode(unknown)}`)
      const sent = Object.entries(headers).filter(([, value]) => /^[\x20-\x7E]*$/.test(String(value)))
      return {
        operation: operation.operationId,
        scopes: operation.security[0]?.token,
        method: method.toUpperCase(),
        path: search.length === 0 ? filled : `${filled}?${search.join('&')}`,
        headers: {
          ...Object.fromEntries(sent.map(([name, value]) => [name, String(value)])),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        body,
      }
    })
}

/** JSON that fits the schema, other JSON, and what is no JSON. */
function bodyOf(document: OpenApi, schema: Schema): fc.Arbitrary<string> {
  const json = (value: unknown): string => JSON.stringify(value) ?? 'null'
  return fc.oneof(
    { weight: 16, arbitrary: fromSchema(document, schema).map(json) },
    { weight: 2, arbitrary: fc.jsonValue().map(json) },
    { weight: 1, arbitrary: fc.string({ minLength: 1 }) },
  )
}

function valueOf(
  document: OpenApi,
  { name, schema }: { readonly name: string; readonly schema: Schema },
): fc.Arbitrary<unknown> {
  const known = KNOWN[name]
  return fc.oneof(
    { weight: known === undefined ? 0 : 150, arbitrary: fc.constantFrom(...(known ?? [null])) },
    { weight: 12, arbitrary: fromSchema(document, schema) },
    { weight: 1, arbitrary: hostile },
  )
}

function fromSchema(document: OpenApi, schema: Schema): fc.Arbitrary<unknown> {
  const { $ref, anyOf, enum: values, type } = schema
  if (typeof $ref === 'string') {
    return fromSchema(document, document.components.schemas[$ref.split('/').at(-1) ?? ''] ?? {})
  }
  if (Array.isArray(anyOf))
    return fc.oneof(
      ...z
        .array(Schema)
        .parse(anyOf)
        .map((one) => fromSchema(document, one)),
    )
  if (Array.isArray(values)) return fc.constantFrom(...values)
  if (Array.isArray(type))
    return fc.oneof(...type.map((one: unknown) => fromSchema(document, { ...schema, type: one })))
  return typed(document, schema)
}

const Bounds = z.object({
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  exclusiveMinimum: z.number().optional(),
  minLength: z.number().optional(),
  maxLength: z.number().optional(),
  pattern: z.string().optional(),
  required: z.array(z.string()).default([]),
  properties: z.record(z.string(), Schema).default({}),
  items: Schema.default({}),
  minItems: z.number().optional(),
})

function typed(document: OpenApi, schema: Schema): fc.Arbitrary<unknown> {
  const {
    exclusiveMinimum,
    minimum = exclusiveMinimum === undefined ? undefined : exclusiveMinimum + 1,
    maximum,
    minLength = 0,
    maxLength = 300,
    pattern,
    ...bounds
  } = Bounds.parse(schema)
  switch (schema['type']) {
    case 'string':
      if (pattern === undefined) return textOf({ minLength, maxLength: Math.max(minLength, Math.min(maxLength, 300)) })
      return fc.stringMatching(new RegExp(pattern)).filter(({ length }) => length <= maxLength)
    case 'integer':
      return fc.integer({ min: minimum ?? -1000, max: Math.min(maximum ?? 1000, 100_000) })
    case 'number':
      return fc.double({ min: minimum ?? 0, max: maximum ?? 1000, noNaN: true })
    case 'boolean':
      return fc.boolean()
    case 'null':
      return fc.constant(null)
    case 'array':
      return fc.array(fromSchema(document, bounds.items), { minLength: bounds.minItems ?? 0, maxLength: 5 })
    case 'object':
      return objectOf(document, bounds)
    default:
      return fc.jsonValue()
  }
}

/** Every second one with the marker in it, where that is short enough. */
function textOf(bounds: { readonly minLength: number; readonly maxLength: number }): fc.Arbitrary<string> {
  const text = fc.string(bounds)
  return fc.oneof(
    text,
    text.map((some) => (some + MARKER).slice(0, bounds.maxLength)),
  )
}

function objectOf(
  document: OpenApi,
  { properties, required }: Pick<z.infer<typeof Bounds>, 'properties' | 'required'>,
): fc.Arbitrary<unknown> {
  const fields: Record<string, fc.Arbitrary<unknown>> = {}
  for (const [name, schema] of Object.entries(properties)) fields[name] = valueOf(document, { name, schema })
  return fc.record(fields, { requiredKeys: required })
}

function encode(value: unknown): string {
  return encodeURIComponent(String(value).toWellFormed())
}
