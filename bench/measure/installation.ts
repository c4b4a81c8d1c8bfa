/** The installation that is measured: services with a repository each, one agent, perhaps a webhook. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type SubmitInput } from '@orchestrator/shared/contracts'

export interface InstallationOptions {
  readonly directory: string
  readonly services: number
  readonly webhookUrl?: string
  /** Of all services; one that is never cloned when left out. */
  readonly repositoryUrl?: string
}

export interface Installation {
  readonly settingsFile: string
  /** The body of the `i`th submit: a task that no other number has, services in turn. */
  task(i: number): SubmitInput
}

const AGENT = 'claude-agent-1'

export async function installBelow(options: InstallationOptions): Promise<Installation> {
  const { directory, services, webhookUrl, repositoryUrl } = options
  const nameOf = (i: number): string => `service-${i % services}`
  const urlOf = (name: string): string => repositoryUrl ?? `https://github.com/example/${name}.git`
  const names = Array.from({ length: services }, (_, i) => nameOf(i))
  const settings = {
    defaults: { agent: AGENT, platformRepositoryUrl: repositoryUrl ?? 'https://github.com/example/platform.git' },
    services: Object.fromEntries(names.map((name) => [name, { repositoryUrl: urlOf(name) }])),
    agents: { [AGENT]: { adapter: 'command', command: ['true'] } },
    channels: { webhooks: webhookUrl === undefined ? [] : [{ name: 'sink', url: webhookUrl, concurrency: 8 }] },
  }
  const settingsFile = join(directory, 'settings.json')
  await writeFile(settingsFile, JSON.stringify(settings))
  return { settingsFile, task: (i) => ({ service: nameOf(i), taskId: String(Math.floor(i / services) + 1) }) }
}
