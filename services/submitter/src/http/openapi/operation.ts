/** What a route says of itself, beside the schemas that it checks requests with: see {@link Operation}. */
import type { z } from 'zod'

/** Groups of routes, in the order of the document. */
export const GROUPS = {
  tasks: 'Submit tasks and answer their failures.',
  attempts: 'Tries at a task: how they stand, how they ended, their logs; and the wish to stop one.',
  events: 'What happens, as it happens.',
  workspaces: 'Who has which workspace, who waits for it, and the word of a person that frees it.',
  'dead letters': 'What a service could not handle, and the wish to have it handled again.',
  tokens: 'Who may call, and for what.',
  models: 'The tools for models, by the Model Context Protocol.',
  operation: 'Is it there, can it be used, and having views made again.',
} as const
export type Group = keyof typeof GROUPS

export const PROBLEM_STATUSES = [400, 401, 403, 404, 409, 410, 413, 414, 415, 429, 500, 503] as const
export type ProblemStatus = (typeof PROBLEM_STATUSES)[number]

export type RequestHeader = 'Accept' | 'Idempotency-Key' | 'X-Orchestrator-Door' | 'Last-Event-ID' | 'If-None-Match'
export type AnswerHeader = 'Location' | 'ETag' | 'Retry-After' | 'WWW-Authenticate'

export interface Answer {
  readonly description: string
  readonly headers?: readonly AnswerHeader[]
  /** Media type → a schema that `schemas.ts` names; nothing for an answer without a body. */
  readonly content?: Readonly<Record<string, z.ZodType>>
}

/** From it and the route's schemas, and from what it asks of its caller, the OpenAPI document is made. */
export interface Operation {
  /** What generated clients call it. */
  readonly id: string
  readonly group: Group
  readonly summary: string
  readonly description?: string
  readonly headers?: readonly RequestHeader[]
  /** Status → what it answers. */
  readonly answers: Readonly<Record<number, Answer>>
  /** Beyond those that any route may answer, or any that takes a body. */
  readonly problems?: readonly ProblemStatus[]
}

/** A route that refuses whatever comes: nothing for the document. */
export const NOT_OFFERED = 'not offered'

export function json(schema: z.ZodType, description: string, headers: readonly AnswerHeader[] = []): Answer {
  return { description, headers, content: { 'application/json': schema } }
}
