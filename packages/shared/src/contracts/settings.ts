/**
 * The settings file of an installation: what its services, agents and channels are. One YAML or JSON document that
 * every service reads at start; each uses its part. Strict: an unknown field is an error, so that a typing mistake is found.
 */
import { z } from 'zod'
import { GithubUser, ModelName } from './attempt-spec.ts'
import { RepositoryFacts } from './git-credentials.ts'
import { AgentName, ServiceName } from './identity.ts'
import { Gates, LimitsInput } from './limits.ts'
import { BranchName, normaliseRepositoryUrl, RepositoryUrl, WorkingDirectory } from './repositories.ts'
import { AGENT_PROGRAMS } from './runner-protocol.ts'
import { ToolChoice, ToolmanSettings } from './tools.ts'

const EnvironmentName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'use a variable name')

const CommonAgentSettings = {
  /** Variables given to the agent; it sees none of the machine's own but PATH, HOME and LANG. */
  environment: z.record(EnvironmentName, z.string()).default({}),
  /**
   * Variable → file that holds its value, read at each attempt: `{"ANTHROPIC_API_KEY": "/etc/orchestrator/key"}`. Secrets
   * go here: `environment` is written down with each order.
   */
  credentials: z.record(EnvironmentName, z.string().startsWith('/', 'must be an absolute path')).default({}),
  githubUser: z.exactOptional(GithubUser),
  /** For requests, services and defaults that name none. */
  model: z.exactOptional(ModelName),
}

/** How an agent is driven. */
export const AgentSettings = z.discriminatedUnion(
  'adapter',
  [
    z.strictObject({
      adapter: z.literal('command'),
      /** Program and arguments; no shell reads it. A relative program is looked up on the runner's PATH. */
      command: z.array(z.string().min(1)).min(1),
      ...CommonAgentSettings,
    }),
    z.strictObject({
      adapter: z.enum(AGENT_PROGRAMS),
      /** Absolute path, or a name that is looked up on the runner's PATH; left out: the adapter's name. */
      program: z.exactOptional(z.string().min(1)),
      ...CommonAgentSettings,
    }),
  ],
  { error: `say how it is driven: use one of command, ${AGENT_PROGRAMS.join(', ')}` },
)
export type AgentSettings = z.infer<typeof AgentSettings>

const RepositorySettings = {
  agent: z.exactOptional(AgentName),
  model: z.exactOptional(ModelName),
  platformRepositoryUrl: z.exactOptional(RepositoryUrl),
  platformBranch: z.exactOptional(BranchName),
  platformUser: z.exactOptional(GithubUser),
  limits: z.exactOptional(LimitsInput),
  gates: z.exactOptional(Gates),
  /** For tasks that have no `client-config.json`. */
  tools: z.exactOptional(ToolChoice),
}

/** Values for requests that leave them out, for every service. */
export const DefaultSettings = z.strictObject(RepositorySettings)

/** The same for one service, before the defaults. */
export const ServiceSettings = z.strictObject({
  ...RepositorySettings,
  repositoryUrl: z.exactOptional(RepositoryUrl),
  branch: z.exactOptional(BranchName),
  githubUser: z.exactOptional(GithubUser),
  workingDirectory: z.exactOptional(WorkingDirectory),
})
export type ServiceSettings = z.infer<typeof ServiceSettings>

const Cap = z.int().min(1).max(1000)

export const WebhookSettings = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,31}$/, 'use lower-case letters, digits and hyphens'),
  url: z.url({ protocol: /^https?$/ }),
  /** File that holds the signing secret (`whsec_…`, Standard Webhooks); without one the request is unsigned. */
  secretFile: z.exactOptional(z.string().min(1)),
  /** Calls under way at once, each of another task. So many messages at most does one crash of a notifier double. */
  concurrency: z.int().min(1).max(64).default(1),
})
export type WebhookSettings = z.infer<typeof WebhookSettings>

/** What one installation bears: `up` gives it to its services, those that run alone have it in their environment. */
export const InstallationLimits = z.strictObject({
  /** Older logs are deleted. */
  archiveDays: z.exactOptional(z.int().min(1).max(36_500)),
  /** More of one attempt's log is cut in the middle, and counted. */
  logMebibytes: z.exactOptional(z.int().min(1).max(4096)),
  /** What one token may send. */
  requestsPerSecond: z.exactOptional(z.int().min(1).max(100_000)),
  /** To the HTTP API, at once. */
  connections: z.exactOptional(z.int().min(1).max(65_535)),
})
export type InstallationLimits = z.infer<typeof InstallationLimits>

const SettingsFields = z.strictObject({
  defaults: DefaultSettings.default({}),
  services: z.record(ServiceName, ServiceSettings).default({}),
  agents: z.record(AgentName, AgentSettings).default({}),
  toolman: z.exactOptional(ToolmanSettings),
  /** What is particular about a repository, under any form of its URL: `{"git@github.com:myorg/trader.git": {"credential": "trader-deploy-key"}}`. */
  repositories: z
    .record(RepositoryUrl, RepositoryFacts)
    .default({})
    .superRefine((repositories, context) => {
      const seen = new Map<string, string>()
      for (const url of Object.keys(repositories)) {
        if (!RepositoryUrl.safeParse(url).success) continue
        const other = seen.get(normaliseRepositoryUrl(url))
        const message = `is the same repository as ${other}: leave one of them out`
        if (other !== undefined) context.addIssue({ code: 'custom', path: [url], message })
        seen.set(normaliseRepositoryUrl(url), url)
      }
    }),
  /** How many attempts may run at once, over all and for each agent; left out: no cap. */
  caps: z
    .strictObject({ global: z.exactOptional(Cap), agents: z.record(AgentName, Cap).default({}) })
    .default({ agents: {} }),
  limits: z.exactOptional(InstallationLimits),
  channels: z
    .strictObject({ webhooks: z.array(WebhookSettings).default([]) })
    .default({ webhooks: [] })
    .refine(
      ({ webhooks }) => new Set(webhooks.map(({ name }) => name)).size === webhooks.length,
      'names of webhooks must differ',
    ),
})

export const Settings = SettingsFields.superRefine(({ toolman, defaults, services }, context) => {
  if (toolman !== undefined) return
  const places = [
    { path: ['defaults'], tools: defaults.tools },
    ...Object.entries(services).map(([service, { tools }]) => ({ path: ['services', service], tools })),
  ]
  for (const { path, tools } of places) {
    if (tools === undefined || tools.remoteTools.length === 0) continue
    const message = 'remote tools need "toolman", the client of the tool server, in the settings'
    context.addIssue({ code: 'custom', path: [...path, 'tools', 'remoteTools'], message })
  }
})
export type Settings = z.infer<typeof Settings>
