import {
  RetryBody,
  ServiceName,
  SubmitBody,
  type SubmitAnswer,
  Tag,
  TaskId,
  type TaskPage,
  type TaskRef,
} from '@orchestrator/shared/contracts'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { Values } from '../admission/layers.ts'
import { toAttemptView } from '../view/attempt-view.ts'
import { allow } from './access/route-access.ts'
import type { Api } from './api.ts'
import { sendUnlessKnown } from './conditional.ts'
import { ListQuery, listPage, untilReadable } from './reading.ts'
import { callerOf, requestHash } from './requests.ts'
import type { HttpServer } from './server.ts'

const RetryParams = z.object({ service: ServiceName, id: TaskId })
const RetryQuery = z.strictObject({ tag: Tag.default('master') })

interface Asked {
  readonly task: TaskRef
  readonly body: Values & Pick<SubmitBody, 'guidance' | 'promptMode' | 'previous'>
  readonly isRetry: boolean
  /** As the hash of the request names it. */
  readonly path: string
}

export function registerTaskRoutes(server: HttpServer, api: Api): void {
  const accept = async (asked: Asked, request: FastifyRequest, reply: FastifyReply): Promise<SubmitAnswer> => {
    const { task, isRetry, path } = asked
    const { guidance, promptMode, previous, ...values } = asked.body
    const startedAt = api.clock.monotonicMs()
    const order = {
      task,
      isRetry,
      values,
      guidance,
      promptMode,
      previous,
      ...callerOf(request),
      requestHash: requestHash(path, request),
    }
    const answer = await api.submit(order, api.signal)
    const { attempt, sequence, repeated } = answer
    api.logger.info(
      { attempt, sequence, repeated, durationMs: api.clock.monotonicMs() - startedAt },
      'attempt accepted',
    )
    reply.code(repeated ? 200 : 202).header('location', `/v1/attempts/${attempt}`)
    return answer
  }

  const submitOptions = { config: allow('submit', 'body.service'), schema: { body: SubmitBody } }
  server.post('/v1/tasks', submitOptions, async (request, reply) => {
    const { service, tag, taskId, ...body } = request.body
    return await accept({ task: { service, tag, taskId }, body, isRetry: false, path: '/v1/tasks' }, request, reply)
  })

  const retryOptions = {
    config: allow('submit', 'params.service'),
    schema: { params: RetryParams, querystring: RetryQuery, body: RetryBody },
  }
  server.post('/v1/tasks/:service/:id/retry', retryOptions, async (request, reply) => {
    const { service, id: taskId } = request.params
    const { tag } = request.query
    const path = `/v1/tasks/${service}/${taskId}/retry?tag=${tag}`
    return await accept({ task: { service, tag, taskId }, body: request.body, isRetry: true, path }, request, reply)
  })

  const listOptions = { config: allow('read', 'query.service'), schema: { querystring: ListQuery } }
  server.get('/v1/tasks', listOptions, async (request, reply) => {
    const { query } = request
    await untilReadable(api, query.after)
    const { rows, next } = listPage(api, query, true)
    const tasks = rows.map((row) => {
      const latest = toAttemptView(row)
      const { service, tag, taskId, n } = latest
      // Numbers have no gaps: the latest is the count.
      return { service, tag, taskId, attempts: n, latest }
    })
    return sendUnlessKnown(request, reply, { tasks, next } satisfies TaskPage)
  })
}
