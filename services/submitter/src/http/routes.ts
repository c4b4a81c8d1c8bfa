import type { Api } from './api.ts'
import { registerAttemptRoutes } from './attempt-routes.ts'
import { registerDeadLetterRoutes } from './dead-letter-routes.ts'
import { registerEventRoutes } from './event-routes.ts'
import { registerHealthRoutes } from './health-routes.ts'
import { registerLogRoutes } from './log-routes.ts'
import { registerMcpRoutes } from './mcp/mcp-routes.ts'
import { registerOpenApi } from './openapi/openapi-routes.ts'
import { registerRebuildRoutes } from './rebuild-routes.ts'
import type { HttpServer } from './server.ts'
import { registerTaskRoutes } from './task-routes.ts'
import { registerTokenRoutes } from './token-routes.ts'
import { registerWorkspaceRoutes } from './workspace-routes.ts'

export function registerRoutes(server: HttpServer, api: Api): void {
  registerOpenApi(server)
  registerTaskRoutes(server, api)
  registerAttemptRoutes(server, api)
  registerLogRoutes(server, api)
  registerEventRoutes(server, api)
  registerWorkspaceRoutes(server, api)
  registerRebuildRoutes(server, api)
  registerDeadLetterRoutes(server, api)
  registerHealthRoutes(server, api)
  registerTokenRoutes(server, api)
  registerMcpRoutes(server, api)
}
