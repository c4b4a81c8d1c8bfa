/** Orchestrator's tools for models, by the Model Context Protocol: one definition for every transport. */
export { answerOverHttp } from './http.ts'
export { serveOverStdio, type StdioStreams } from './stdio.ts'
export {
  type McpDependencies,
  type PlatformFields,
  type TaskApi,
  TOOL_PATIENCE_MS,
  type ToolLogger,
} from './task-api.ts'
export { createTaskServer } from './task-server.ts'
