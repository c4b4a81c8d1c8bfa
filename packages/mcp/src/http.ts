import { createMcpHandler } from '@modelcontextprotocol/server'
import type { McpDependencies } from './task-api.ts'
import { createTaskServer } from './task-server.ts'

/**
 * Answers one HTTP request of a client, of the 2026 or an older protocol, and remembers nothing: any replica may answer the
 * next. Who may call, from where and with how much is for the caller to have checked. A tool's answer is a stream of
 * server-sent events, so that a long one shows signs of life; the request's signal ends the call.
 * @param body of the request, parsed
 */
export async function answerOverHttp(
  dependencies: McpDependencies,
  request: Request,
  body: unknown,
): Promise<Response> {
  const onError = (error: Error): void => dependencies.logger.warn({ err: error }, 'not understood')
  const handler = createMcpHandler(() => createTaskServer(dependencies), { responseMode: 'sse', onerror: onError })
  return await handler.fetch(request, { parsedBody: body })
}
