/** Which repositories the settings name, and as whom an attempt would reach each. Pure. */
import { factsOfRepository, type Settings } from '@orchestrator/shared/contracts'
import type { Remote } from '@orchestrator/shared/git'

export interface RepositoryUse extends Remote {
  /** Credential that the settings name for it. */
  readonly reference: string | undefined
}

/** Where no agent is known, its account is not either. */
const SOMEBODY = '<user>'

/** Each repository once for each account and part that it has. */
export function repositoryUses(settings: Settings): readonly RepositoryUse[] {
  const { defaults, services } = settings
  const uses = [
    ...accountsOf(settings, defaults.agent).map((user) => platformUse(settings, {}, user)),
    ...Object.values(services).flatMap((service) => {
      const agent = service.agent ?? defaults.agent
      const users = service.githubUser === undefined ? accountsOf(settings, agent) : [service.githubUser]
      return users.flatMap((user) => [
        platformUse(settings, service, user),
        useOf(settings, { role: 'target', url: service.repositoryUrl, githubUser: user }),
      ])
    }),
  ].filter((use) => use !== undefined)
  return [...new Map(uses.map((use) => [JSON.stringify(use), use])).values()]
}

/** Of the agent that is meant, else of all that could be. */
function accountsOf({ agents }: Settings, agent: string | undefined): readonly string[] {
  const names = agent === undefined ? Object.keys(agents) : [agent]
  return names.length === 0 ? [SOMEBODY] : names.map((name) => agents[name]?.githubUser ?? name)
}

type PlatformPart = Pick<Settings['defaults'], 'platformRepositoryUrl' | 'platformUser'>

function platformUse(settings: Settings, service: PlatformPart, user: string): RepositoryUse | undefined {
  const { defaults } = settings
  const url = service.platformRepositoryUrl ?? defaults.platformRepositoryUrl
  const githubUser = service.platformUser ?? defaults.platformUser ?? user
  return useOf(settings, { role: 'platform', url, githubUser })
}

type Named = Omit<Remote, 'url'> & { readonly url: string | undefined }

function useOf({ repositories }: Settings, { role, url, githubUser }: Named): RepositoryUse | undefined {
  if (url === undefined) return undefined
  return { role, url, githubUser, reference: factsOfRepository(repositories, url)?.credential }
}
