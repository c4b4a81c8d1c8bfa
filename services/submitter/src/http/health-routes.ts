import packageJson from '../../package.json' with { type: 'json' }
import { allow, PUBLIC } from './access/route-access.ts'
import type { Api } from './api.ts'
import type { HttpServer } from './server.ts'

export function registerHealthRoutes(server: HttpServer, api: Api): void {
  server.get('/livez', { config: PUBLIC }, () => ({ live: true }))

  server.get('/readyz', { config: PUBLIC }, (_request, reply) => {
    const health = api.health()
    reply.code(health.ready ? 200 : 503)
    return health
  })

  server.get('/v1/health', { config: allow('operate', 'every') }, async () => await api.survey(api.signal))

  server.get('/v1/info', { config: allow('read', 'none') }, () => ({
    name: 'orchestrator',
    version: packageJson.version,
    ledger: { generation: api.generation(), sequence: api.view.sequence },
    broker: { connected: api.broker.connected, version: api.broker.serverVersion },
  }))
}
