import type { McpServer } from '@modelcontextprotocol/server'
import type { McpDependencies } from '../task-api.ts'
import { registerTool } from '../tool.ts'
import { listTool } from './list.ts'
import { logsTool } from './logs.ts'
import { retryTool } from './retry.ts'
import { statusTool } from './status.ts'
import { stopTool } from './stop.ts'
import { submitTool } from './submit.ts'
import { waitTool } from './wait.ts'

/** All tools, in the order that clients list them. */
export function registerTools(server: McpServer, dependencies: McpDependencies): void {
  registerTool(server, dependencies, submitTool)
  registerTool(server, dependencies, statusTool)
  registerTool(server, dependencies, listTool)
  registerTool(server, dependencies, logsTool)
  registerTool(server, dependencies, waitTool)
  registerTool(server, dependencies, retryTool)
  registerTool(server, dependencies, stopTool)
}
