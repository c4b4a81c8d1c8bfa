/** Orchestrator's tools for models, by the Model Context Protocol: one definition for every transport. */
export { serveOverStdio, type StdioStreams } from './stdio.ts'
export type { McpDependencies, PlatformFields, TaskApi, ToolLogger } from './task-api.ts'
export { createTaskServer } from './task-server.ts'
