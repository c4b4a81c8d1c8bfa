import {
  AttemptName,
  type AttemptPage,
  type AttemptView,
  type StopAnswer,
  StopBody,
} from '@orchestrator/shared/contracts'
import { z } from 'zod'
import { toAttemptView } from '../view/attempt-view.ts'
import { allow } from './access/route-access.ts'
import type { Api } from './api.ts'
import { sendUnlessKnown } from './conditional.ts'
import { After, findAttempt, ListQuery, listPage, untilReadable } from './reading.ts'
import { callerOf } from './requests.ts'
import type { HttpServer } from './server.ts'

export const NameParams = z.object({ name: AttemptName })
const AttemptQuery = z.strictObject({ after: z.exactOptional(After) })

export function registerAttemptRoutes(server: HttpServer, api: Api): void {
  const listOptions = { config: allow('read', 'query.service'), schema: { querystring: ListQuery } }
  server.get('/v1/attempts', listOptions, async (request, reply) => {
    const { query } = request
    await untilReadable(api, query.after)
    const { rows, next } = listPage(api, query, false)
    return sendUnlessKnown(request, reply, { attempts: rows.map(toAttemptView), next } satisfies AttemptPage)
  })

  const oneOptions = {
    config: allow('read', 'params.name'),
    schema: { params: NameParams, querystring: AttemptQuery },
  }
  server.get('/v1/attempts/:name', oneOptions, async (request, reply) => {
    const { params, query } = request
    await untilReadable(api, query.after)
    const view: AttemptView = toAttemptView(await findAttempt(api, params.name))
    return sendUnlessKnown(request, reply, view)
  })

  const stopOptions = {
    config: allow('operate', 'params.name'),
    schema: { params: NameParams, body: StopBody.nullish() },
  }
  server.post('/v1/attempts/:name/stop', stopOptions, async (request, reply): Promise<StopAnswer> => {
    await untilReadable(api, undefined)
    const attempt = await findAttempt(api, request.params.name)
    const { requestedBy } = callerOf(request)
    const answer = await api.stop({ attempt, requestedBy, note: request.body?.note }, api.signal)
    api.logger.info({ attempt: answer.attempt, accepted: answer.accepted, sequence: answer.sequence }, 'stop asked')
    reply.code(answer.accepted ? 202 : 200)
    return answer
  })
}
