/** By which credential a repository is reached: names of folders that hold files, as mounted Kubernetes secrets do. */
import { z } from 'zod'
import { normaliseRepositoryUrl } from './repositories.ts'

/** A folder in the directory of credentials; a Kubernetes secret may have the same name. */
export const CredentialName = z
  .string()
  .regex(
    /^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/,
    'use the name of a folder in the directory of credentials, for example "trader-deploy-key"',
  )

/** Where the runner finds what git proves itself with; files only, read at each call. */
export const GitCredentials = z.object({
  /** Absolute: `<name>/token`, `<name>/ssh-privatekey`, `known_hosts`. */
  directory: z.string(),
  /** Named by the settings for these repositories; left out: by the account, `github-pat-<user>`, `github-ssh-<user>`. */
  platform: z.exactOptional(CredentialName),
  target: z.exactOptional(CredentialName),
  /** Home of the person whose own git helpers, SSH keys and known hosts serve where the directory has nothing. */
  userHome: z.exactOptional(z.string()),
})
export type GitCredentials = z.infer<typeof GitCredentials>

/** What the settings say of one repository, whichever form of its URL they use. */
export const RepositoryFacts = z.strictObject({ credential: CredentialName })
export type RepositoryFacts = z.infer<typeof RepositoryFacts>

export function factsOfRepository(
  repositories: Readonly<Record<string, RepositoryFacts>>,
  url: string,
): RepositoryFacts | undefined {
  const wanted = normaliseRepositoryUrl(url)
  return Object.entries(repositories).find(([known]) => normaliseRepositoryUrl(known) === wanted)?.[1]
}
