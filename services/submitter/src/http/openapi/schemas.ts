/** The schemas that have a name in the OpenAPI document. Everything else is written where it is used. */
import * as contracts from '@orchestrator/shared/contracts'
import { z } from 'zod'
import { McpAnswer, McpMessage } from '../mcp/json-rpc.ts'
import { ATTEMPT_EXAMPLE, REQUEST_EXAMPLES } from './examples.ts'
import { FIELD_TEXTS } from './field-texts.ts'

const JsonObject = z.record(z.string(), z.unknown())
export type JsonObject = z.infer<typeof JsonObject>

/** What `/openapi.json` answers. */
export const OpenApiDocument = z.looseObject({ openapi: z.string() })

interface Named {
  readonly id: string
  readonly description?: string
  readonly examples?: readonly unknown[]
}

const registry = z.registry<Named>()

const DESCRIPTIONS: readonly (readonly [name: string, schema: z.ZodType, description?: string])[] = [
  [
    'Submit',
    contracts.SubmitBody,
    'What is left out comes from the settings, or from the attempt that this one answers.',
  ],
  ['Retry', contracts.RetryBody, 'As a submit, with guidance required.'],
  ['Stop', contracts.StopBody],
  ['Release', contracts.ReleaseBody, 'Names what is vouched for: `attempt`, `workloadUid`, or both.'],
  ['Rebuild', contracts.RebuildBody],
  ['Gate', contracts.Gate, 'A command that decides the verdict, run on a clean checkout of the pushed commit.'],
  ['LimitsInput', contracts.LimitsInput],
  ['SubmitAnswer', contracts.SubmitAnswer, 'The attempt as it was accepted, and what happens next.'],
  ['Attempt', contracts.AttemptView, 'One try at a task. Times are those of the broker.'],
  ['AttemptPage', contracts.AttemptPage, 'Newest first; `next` is the cursor of the next page, null on the last.'],
  ['Task', contracts.TaskView, 'A task with its latest attempt.'],
  [
    'TaskPage',
    contracts.TaskPage,
    'Most recently submitted first; `next` is the cursor of the next page, null on the last.',
  ],
  ['StopAnswer', contracts.StopAnswer, '`accepted` is false when it was asked before, or the attempt had ended.'],
  ['Phase', contracts.Phase, 'Moves go forward only and may skip; a terminal phase is never left.'],
  ['Step', contracts.Step, 'What a running attempt is at.'],
  ['Limits', contracts.Limits],
  ['Usage', contracts.Usage, 'What an attempt has used so far.'],
  ['ResultSummary', contracts.ResultSummary, 'What the runner proved.'],
  ['Requester', contracts.Requester, 'Who asked, and how they came.'],
  [
    'LogLine',
    contracts.LogLine,
    'A line as the runner wrote it, a gap (lines that are lost), or the end of a complete log.',
  ],
  ['EventMessage', contracts.EventMessage],
  ['Event', contracts.StreamedEvent, 'CloudEvents 1.0; docs/events.md says when each type is published.'],
  ['EventGap', contracts.EventGap, 'What was asked for and is not in the stream, up to `sequence`.'],
  ['Workspace', contracts.WorkspaceView],
  [
    'WorkspaceState',
    contracts.WorkspaceState,
    '`Busy`: its attempt has ended, but nothing proves yet that nothing of it runs.',
  ],
  ['WorkspaceHolder', contracts.WorkspaceHolder],
  ['WaitingAttempt', contracts.WaitingAttempt],
  ['WorkspaceList', contracts.WorkspaceList],
  ['ReleaseRecord', contracts.ReleaseView, 'The word of a person that nothing of a workload runs any more.'],
  ['ReleaseAnswer', contracts.ReleaseAnswer, '`accepted` is false when somebody had vouched before.'],
  ['DeadLetter', contracts.DeadLetterView],
  ['DeadLetterState', contracts.DeadLetterState],
  [
    'DeadLetterPage',
    contracts.DeadLetterPage,
    'Newest first; `next` is the cursor of the next page, null on the last.',
  ],
  ['DeadLetterDetail', contracts.DeadLetterDetail],
  ['ReplayAnswer', contracts.ReplayAnswer, '`accepted` is false when it was asked before.'],
  ['RebuildAnswer', contracts.RebuildAnswer],
  ['RebuildStatus', contracts.RebuildStatus],
  ['ViewReport', contracts.ViewReport, 'How far the view of one submitter is.'],
  ['DocumentsReport', contracts.DocumentsReport, 'How far a launcher is with its documents.'],
  ['NewToken', contracts.TokenBody],
  ['Token', contracts.TokenView],
  ['TokenAnswer', contracts.TokenAnswer],
  ['TokenList', contracts.TokenList],
  ['Scope', contracts.Scope, 'None but `admin` includes another.'],
  ['Liveness', contracts.Liveness],
  ['Readiness', contracts.Readiness, 'Name of a check → `ok`, or what is wrong.'],
  ['InstallationHealth', contracts.InstallationHealth, '`missing` names services of which no replica answers.'],
  [
    'ServiceHealth',
    contracts.ServiceHealth,
    'One replica. `lag`: events of the ledger that its view does not have yet, null while the ledger cannot be asked.',
  ],
  ['CheckHealth', contracts.CheckHealth, '`state` is `ok`, or what is wrong; `lastProblem` may be over.'],
  ['Information', contracts.Information],
  ['McpMessage', McpMessage, 'JSON-RPC 2.0, one message: a batch is refused.'],
  ['McpAnswer', McpAnswer, 'JSON-RPC 2.0: `result` or `error`; a notification of progress has neither.'],
  ['OpenApiDocument', OpenApiDocument],
  ['Problem', contracts.Problem, 'RFC 9457. `code` is for programs; `errors` names every fault of the request.'],
]

const EXAMPLES: Readonly<Record<string, unknown>> = { ...REQUEST_EXAMPLES, Attempt: ATTEMPT_EXAMPLE }

for (const [id, schema, description] of DESCRIPTIONS) {
  const example = EXAMPLES[id]
  registry.add(schema, {
    id,
    ...(description === undefined ? {} : { description }),
    ...(example === undefined ? {} : { examples: [example] }),
  })
}

const reference = (id: string): string => `#/components/schemas/${id}`

/** As requests are sent; answers in the same way, because they may grow. */
const CONVERSION = {
  io: 'input',
  unrepresentable: 'any',
  metadata: registry,
  override: ({
    zodSchema,
    jsonSchema,
  }: {
    readonly zodSchema: z.core.$ZodType
    readonly jsonSchema: JsonObject
  }): void => {
    const description = z.globalRegistry.get(zodSchema)?.description
    if (description !== undefined) jsonSchema['description'] ??= description
    // What JSON numbers are anyway, and what the format says already.
    if (jsonSchema['minimum'] === Number.MIN_SAFE_INTEGER) delete jsonSchema['minimum']
    if (jsonSchema['maximum'] === Number.MAX_SAFE_INTEGER) delete jsonSchema['maximum']
    if (jsonSchema['format'] === 'date-time') delete jsonSchema['pattern']
  },
} as const

export function componentSchemas(): JsonObject {
  const { schemas } = z.toJSONSchema(registry, { ...CONVERSION, uri: reference })
  return Object.fromEntries(Object.entries(schemas).map(([id, schema]) => [id, withTexts(id, withoutHead(schema))]))
}

/** @throws Error for a field that the schema does not have */
function withTexts(id: string, schema: JsonObject): JsonObject {
  const properties = { ...Properties.parse(schema['properties'] ?? {}) }
  for (const [name, description] of Object.entries(FIELD_TEXTS[id] ?? {})) {
    const property = properties[name]
    if (property === undefined)
      throw new Error(`field-texts.ts says what ${name} of ${id} means, which has no such field`)
    properties[name] = { ...property, description }
  }
  return schema['properties'] === undefined ? schema : { ...schema, properties }
}

const Properties = z.record(z.string(), JsonObject)

/** The schema by its name. @throws Error for one without */
export function toReference(schema: z.ZodType): JsonObject {
  const id = registry.get(schema)?.id
  if (id === undefined) throw new Error('a body or an answer has a schema without a name: give it one in schemas.ts')
  return { $ref: reference(id) }
}

/** Written out, with what has a name by its name. */
export function toJsonSchema(schema: z.ZodType): JsonObject {
  const { $defs: _, ...written } = withoutHead(z.toJSONSchema(schema, CONVERSION))
  return JsonObject.parse(JSON.parse(JSON.stringify(written).replaceAll('"#/$defs/', '"#/components/schemas/')))
}

function withoutHead({ $schema: _schema, $id: _id, id: _name, ...schema }: JsonObject): JsonObject {
  return schema
}
