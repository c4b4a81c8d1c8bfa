/** The OpenAPI document: from what the routes check requests with and say of themselves. Pure. */
import { z } from 'zod'
import type { RouteAccess } from '../access/route-access.ts'
import { problemExample } from './examples.ts'
import {
  type Answer,
  type AnswerHeader,
  GROUPS,
  type Operation,
  PROBLEM_STATUSES,
  type ProblemStatus,
} from './operation.ts'
import { ANSWER_HEADERS, PARAMETERS, REQUEST_HEADERS } from './parameters.ts'
import { componentSchemas, type JsonObject, toJsonSchema, toReference } from './schemas.ts'

/** A route as it was registered. */
export interface DocumentedRoute {
  readonly method: string
  /** With `:name` for its parameters. */
  readonly url: string
  readonly schemas: {
    readonly params?: z.ZodType | undefined
    readonly querystring?: z.ZodType | undefined
    readonly body?: z.ZodType | undefined
  }
  readonly operation: Operation
  readonly access: RouteAccess
}

const DESCRIPTION = `Takes tasks and answers questions about them.

Errors are \`application/problem+json\` (RFC 9457) and name every fault at once: \`code\` is for programs, \`detail\` and
\`errors\` for people. Requests are strict: a field that is not known is refused. Answers may grow: ignore fields, phases and
reasons that you do not know.`

const TOKENS = 'One with the scope that the operation names. An instance that listens on loopback alone may take none.'

export function createDocument(routes: readonly DocumentedRoute[], version: string): JsonObject {
  const paths: Record<string, JsonObject> = {}
  for (const route of routes) {
    const path = route.url.replaceAll(/:(\w+)/g, '{$1}')
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: toOperation(route) }
  }
  return {
    openapi: '3.1.1',
    info: { title: 'Orchestrator', version, description: DESCRIPTION },
    servers: [{ url: '/', description: 'Where this document was read.' }],
    tags: Object.entries(GROUPS).map(([name, description]) => ({ name, description })),
    paths,
    components: {
      schemas: componentSchemas(),
      securitySchemes: { token: { type: 'http', scheme: 'bearer', description: TOKENS } },
      responses: Object.fromEntries(PROBLEM_STATUSES.map((status) => [`Problem${status}`, toProblemResponse(status)])),
    },
  }
}

function toOperation(route: DocumentedRoute): JsonObject {
  const { url, schemas, operation, access } = route
  const { id, group, summary, description, headers = [], answers } = operation
  const parameters = [
    ...parametersOf(schemas.params, 'path', url),
    ...parametersOf(schemas.querystring, 'query', url),
    ...headers.map((name) => ({ name, in: 'header', ...REQUEST_HEADERS[name] })),
  ]
  return {
    operationId: id,
    tags: [group],
    summary,
    security: securityOf(access),
    ...(description === undefined ? {} : { description }),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(schemas.body === undefined ? {} : { requestBody: toRequestBody(schemas.body) }),
    responses: {
      ...Object.fromEntries(
        problemsOf(route).map((status) => [String(status), { $ref: `#/components/responses/Problem${status}` }]),
      ),
      ...Object.fromEntries(Object.entries(answers).map(([status, answer]) => [status, toResponse(answer)])),
    },
  }
}

function securityOf(access: RouteAccess): JsonObject[] {
  if (access === 'public') return []
  return [{ token: access === 'any-token' ? [] : [access.scope] }, {}]
}

/** A malformed request, one from elsewhere and a failure may be answered everywhere; what may have a body may have a wrong one. */
function problemsOf({
  method,
  operation: { problems = [] },
  access,
  schemas,
}: DocumentedRoute): readonly ProblemStatus[] {
  const body: readonly ProblemStatus[] = method === 'GET' ? [] : [413, 415]
  // Where it is not known whether a token is good, that is said with 503.
  const token: readonly ProblemStatus[] = access === 'public' ? [] : [401, 429, 503]
  const long: readonly ProblemStatus[] = schemas.params === undefined ? [] : [414]
  return [...new Set<ProblemStatus>([400, 403, ...token, ...long, ...problems, ...body, 500])].toSorted((a, b) => a - b)
}

const ObjectSchema = z.object({
  properties: z.record(z.string(), z.record(z.string(), z.unknown())),
  required: z.array(z.string()).default([]),
})

function parametersOf(schema: z.ZodType | undefined, place: 'path' | 'query', url: string): JsonObject[] {
  if (schema === undefined) return []
  const { properties, required } = ObjectSchema.parse(toJsonSchema(schema))
  return Object.entries(properties).map(([name, property]) => {
    const text = PARAMETERS[name]
    const example = text?.examples.find((value) => fits(value, { schema, name }))
    if (text === undefined || example === undefined) {
      throw new Error(`parameters.ts does not say what ${name} of ${url} means, with an example that fits`)
    }
    return {
      name,
      in: place,
      required: required.includes(name),
      description: text.description,
      schema: property,
      example,
    }
  })
}

function fits(value: unknown, { schema, name }: { readonly schema: z.ZodType; readonly name: string }): boolean {
  const issues = schema.safeParse({ [name]: value }).error?.issues ?? []
  return !issues.some(({ path }) => path[0] === name)
}

function toRequestBody(schema: z.ZodType): JsonObject {
  const isOptional = schema instanceof z.ZodOptional
  const inner = isOptional || schema instanceof z.ZodNullable ? schema.unwrap() : schema
  if (inner !== schema && inner instanceof z.ZodType) return { ...toRequestBody(inner), required: !isOptional }
  return { required: true, content: { 'application/json': { schema: toReference(schema) } } }
}

function toResponse({ description, headers = [], content }: Answer): JsonObject {
  return {
    description,
    ...headersOf(headers),
    ...(content === undefined ? {} : { content: toContent(content) }),
  }
}

function toContent(content: NonNullable<Answer['content']>): JsonObject {
  return Object.fromEntries(
    Object.entries(content).map(([mediaType, schema]) => [mediaType, { schema: toReference(schema) }]),
  )
}

function headersOf(names: readonly AnswerHeader[]): JsonObject {
  return names.length === 0 ? {} : { headers: Object.fromEntries(names.map((name) => [name, ANSWER_HEADERS[name]])) }
}

function toProblemResponse(status: ProblemStatus): JsonObject {
  const example = problemExample(status)
  return {
    description: example.title,
    ...headersOf(status === 503 || status === 429 ? ['Retry-After'] : status === 401 ? ['WWW-Authenticate'] : []),
    content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' }, example } },
  }
}
