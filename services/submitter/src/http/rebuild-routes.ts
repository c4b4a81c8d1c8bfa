import { type RebuildAnswer, RebuildBody, type RebuildStatus } from '@orchestrator/shared/contracts'
import { z } from 'zod'
import type { Api } from './api.ts'
import type { HttpServer } from './server.ts'

const StatusQuery = z.strictObject({
  views: z.exactOptional(z.coerce.number().pipe(z.int().min(0))),
  documents: z.exactOptional(z.string().max(100)),
})

/** Both are answered while the view is not ready: that is what they are about. */
export function registerRebuildRoutes(server: HttpServer, api: Api): void {
  server.post('/v1/rebuild', { schema: { body: RebuildBody } }, async ({ body }, reply): Promise<RebuildAnswer> => {
    const answer = await api.rebuild.order(body, api.signal)
    api.logger.info(answer, 'rebuild ordered')
    reply.code(202)
    return answer
  })

  server.get('/v1/rebuild', { schema: { querystring: StatusQuery } }, async ({ query }): Promise<RebuildStatus> => {
    return await api.rebuild.status(query)
  })
}
