/** The types of a client whose methods are the operations of the OpenAPI document. */
import type { OPERATIONS, operations } from './generated/api.ts'

type Operation = operations[keyof operations]

export type OperationId = keyof operations

/** What an operation is given: `path`, `query` and `header` as the document has them, and the `body`. */
export type Given<Id extends OperationId> = GivenTo<operations[Id]>

/** What it answers. What it refuses is thrown as ServerError. */
export type Answer<Id extends OperationId> = AnswerOf<operations[Id]>

type GivenTo<O extends Operation> = Pick<Lenient<O['parameters']>, Used<O['parameters']>> &
  Body<O> & {
    /** Ends the call: it then rejects with the signal's reason. */
    readonly signal?: AbortSignal | undefined
  }

type AnswerOf<O extends Operation> = Json<O['responses'][keyof O['responses']]>

type Call<Id extends OperationId> = [RequiredKeys<Given<Id>>] extends [never]
  ? (given?: Given<Id>) => Promise<Answer<Id>>
  : (given: Given<Id>) => Promise<Answer<Id>>

/** These have no end that could be answered: they are the client's `events` and `logs`, or those of another protocol. */
type Streamed = 'followEvents' | 'readLog' | 'callTools'

export type Operations = {
  readonly [Id in keyof typeof OPERATIONS as Exclude<Id, Streamed>]: Call<Id>
}

type Used<P> = { [K in keyof P]-?: [Exclude<P[K], undefined>] extends [never] ? never : K }[keyof P]

/** What may be left out may also be `undefined`. */
type Lenient<P> = { [K in keyof P]: Optional<P[K]> }
type Optional<T> = { [K in keyof T]: K extends RequiredKeys<T> ? T[K] : T[K] | undefined }

type RequiredKeys<T> = { [K in keyof T]-?: Pick<T, K> extends Required<Pick<T, K>> ? K : never }[keyof T]

type Body<O extends Operation> = [Exclude<O['requestBody'], undefined>] extends [never]
  ? unknown
  : O extends { requestBody: { content: { 'application/json': infer B } } }
    ? { readonly body: Optional<B> }
    : O extends { requestBody?: { content: { 'application/json': infer B } } }
      ? { readonly body?: Optional<B> | undefined }
      : never

type Json<R> = R extends { content: { 'application/json': infer J } } ? J : never
