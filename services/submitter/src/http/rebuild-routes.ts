import { type RebuildAnswer, RebuildBody, type RebuildStatus } from '@orchestrator/shared/contracts'
import { z } from 'zod'
import { allow } from './access/route-access.ts'
import type { Api } from './api.ts'
import { callerOf } from './requests.ts'
import type { HttpServer } from './server.ts'

const StatusQuery = z.strictObject({
  views: z.exactOptional(z.coerce.number().int().min(0)),
  documents: z.exactOptional(z.string().max(100)),
})

/** Both are answered while the view is not ready: that is what they are about. */
export function registerRebuildRoutes(server: HttpServer, api: Api): void {
  const orderOptions = { config: allow('operate', 'every'), schema: { body: RebuildBody } }
  server.post('/v1/rebuild', orderOptions, async (request, reply): Promise<RebuildAnswer> => {
    const answer = await api.rebuild.order(request.body, api.signal)
    api.logger.info({ ...answer, by: callerOf(request).requestedBy.caller }, 'rebuild ordered')
    reply.code(202)
    return answer
  })

  const statusOptions = { config: allow('operate', 'every'), schema: { querystring: StatusQuery } }
  server.get('/v1/rebuild', statusOptions, async ({ query }): Promise<RebuildStatus> => {
    return await api.rebuild.status(query)
  })
}
