/** Which tools an agent gets beside its own: the content of a task's `client-config.json`, or a service's default in the settings. */
import { z } from 'zod'

const ToolName = z
  .string()
  .regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/, 'use the name of a tool, for example "rustdocs_query_rust_docs"')
const ServerName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/, 'use letters, digits, "_" and "-"')

/** Where a tool server that names no other folder works: in the workspace. */
export const PROJECT_ROOT = 'project_root'
/** Stands for the real workspace in the paths of a local server. */
export const WORKSPACE_ALIAS = '/workspace'

/** A tool server that is started beside the agent. `/workspace` in its texts is the real workspace. */
export const LocalServer = z.strictObject({
  command: z.string().min(1),
  args: z.array(z.string()).default([]),
  env: z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'use a variable name'), z.string()).default({}),
  tools: z.array(ToolName).min(1, 'name the tools that the agent may use'),
  workingDirectory: z.string().min(1).default(PROJECT_ROOT),
})
export type LocalServer = z.output<typeof LocalServer>

export const ToolChoice = z.strictObject({
  remoteTools: z.array(ToolName).max(256).default([]),
  localServers: z.record(ServerName, LocalServer).default({}),
})
export type ToolChoice = z.output<typeof ToolChoice>

/** The client of a tool server, started beside the agent: it offers the remote tools that the `client-config.json` names. */
export const ToolmanSettings = z.strictObject({
  /** Program and arguments; no shell reads it. */
  command: z.array(z.string().min(1)).min(1),
  serverUrl: z.url({ protocol: /^https?$/ }).default('http://toolman.mcp.svc.cluster.local:3000/mcp'),
  /** Absolute; left out: the workspace. */
  workingDirectory: z.exactOptional(z.string().startsWith('/', 'must be an absolute path')),
})
export type ToolmanSettings = z.output<typeof ToolmanSettings>

/** What a runner is told of tools; read openly. */
export const ToolOrder = z.object({
  /** Whether the rendered tool configuration has the client of a tool server. */
  hasToolman: z.boolean(),
  /** Of the service, for tasks that have no choice of their own. */
  fallback: z.object({
    remoteTools: z.array(z.string()),
    localServers: z.record(z.string(), z.object(LocalServer.shape)),
  }),
})
export type ToolOrder = z.output<typeof ToolOrder>
