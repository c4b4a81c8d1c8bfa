import { AgentName, type TokenAnswer, TokenBody, type TokenList, type TokenView } from '@orchestrator/shared/contracts'
import { z } from 'zod'
import { allow } from './access/route-access.ts'
import type { Api } from './api.ts'
import { callerOf } from './requests.ts'
import type { HttpServer } from './server.ts'

const TokenParams = z.object({ name: AgentName })

export function registerTokenRoutes(server: HttpServer, { tokens, logger }: Api): void {
  const config = allow('admin', 'every')

  server.post('/v1/tokens', { config, schema: { body: TokenBody } }, async (request, reply): Promise<TokenAnswer> => {
    const { caller } = callerOf(request).requestedBy
    const answer = await tokens.create(request.body, caller)
    logger.info({ token: answer.name, scopes: answer.scopes, services: answer.services, by: caller }, 'token made')
    // Shown once, and kept by nobody on the way.
    reply.code(201).header('cache-control', 'no-store')
    return answer
  })

  server.get('/v1/tokens', { config }, async (): Promise<TokenList> => ({ tokens: [...(await tokens.list())] }))

  const revokeOptions = { config, schema: { params: TokenParams } }
  server.post('/v1/tokens/:name/revoke', revokeOptions, async (request, _reply): Promise<TokenView> => {
    const { caller } = callerOf(request).requestedBy
    const view = await tokens.revoke(request.params.name, caller)
    logger.info({ token: view.name, by: caller }, 'token revoked')
    return view
  })
}
