/** What the configuration inside a repository could make git start, and what keeps it from that. Pure. */

export type ConfigEntry = readonly [key: string, value: string]

export interface ConfigVerdict {
  /** Later and stronger settings that take the effect away. */
  readonly overrides: readonly ConfigEntry[]
  /** Keys that no later setting can undo: the call must not happen. */
  readonly refused: readonly string[]
}

interface Rule {
  readonly key: RegExp
  readonly values: (key: string) => readonly ConfigEntry[]
}

const set =
  (value: string) =>
  (key: string): readonly ConfigEntry[] => [[key, value]]
const sibling = (key: string, name: string): string => key.replace(/[^.]*$/, name)

const RULES: readonly Rule[] = [
  // A filter that is required and gone would fail every file it names.
  {
    key: /^filter\..*\.(clean|smudge|process|required)$/,
    values: (key) => [
      [key, ''],
      [sibling(key, 'required'), 'false'],
    ],
  },
  // A failing driver leaves a conflict; an empty one would quietly take one side.
  { key: /^merge\..*\.driver$/, values: set('false') },
  { key: /^diff\.external$|^diff\..*\.(command|textconv)$/, values: set('false') },
  {
    key: /^remote\..*\.(proxy|proxyauthmethod)$|^http\.(.*\.)?(proxy|cookiefile|extraheader|sslcainfo|sslcapath|sslcert|sslkey|pinnedpubkey|curloptresolve)$/,
    values: set(''),
  },
  { key: /^http\.(.*\.)?sslverify$/, values: set('true') },
  { key: /^http\.(.*\.)?savecookies$/, values: set('false') },
  { key: /^credential\..*\.helper$/, values: () => [['credential.helper', '']] },
  { key: /^gpg\..*program$|^gpg\..*command$/, values: set('false') },
  { key: /^core\.(sshcommand|alternaterefscommand|editor|pager)$|^sequence\.editor$|^pager\./, values: set('true') },
  { key: /^(fetch|transfer|receive)\.fsckobjects$/, values: () => [] },
]

const NETWORK = new Set(['clone', 'fetch', 'pull', 'push', 'ls-remote', 'remote', 'submodule'])

/** Keys that only mean something to calls which leave the repository. */
const REDIRECTS =
  /^url\..*\.(insteadof|pushinsteadof)$|^remote\..*\.(vcs|promisor|uploadpack|receivepack)$|^extensions\.partialclone$/
/** Whether they hold is decided while git runs, after anyone could have listed what they bring. */
const CONDITIONAL = /^includeif\./

/** @param keys names as `git config --list --name-only` prints them: section and variable in lower case */
export function neutraliseConfig(keys: readonly string[], subcommand: string): ConfigVerdict {
  const unique = [...new Set(keys)]
  const refused = unique.filter(
    (key) => isCaseless(CONDITIONAL, key) || (NETWORK.has(subcommand) && isCaseless(REDIRECTS, key)),
  )
  const overrides = unique.flatMap((key) =>
    RULES.filter((rule) => isCaseless(rule.key, key)).flatMap((rule) => rule.values(key)),
  )
  return { overrides, refused }
}

function isCaseless(pattern: RegExp, key: string): boolean {
  return pattern.test(key.toLowerCase())
}
