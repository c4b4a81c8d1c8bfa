/** What every call of git is given so that only our own wishes count. Pure. */
import type { ConfigEntry } from './repository-config.ts'
import type { RepositoryLocation } from './repository.ts'

/** Options of git itself that take a separate value. */
const OPTIONS_WITH_VALUE = new Set(['-C', '-c'])
/** Subcommands that would ask an external or text-converting program for a diff. */
const DIFFING = new Set(['diff', 'diff-tree', 'diff-index', 'diff-files', 'log', 'show', 'format-patch'])

function subcommandIndex(args: readonly string[]): number {
  for (let i = 0; i < args.length; i += 1) {
    const argument = args[i] ?? ''
    if (OPTIONS_WITH_VALUE.has(argument)) i += 1
    else if (!argument.startsWith('-')) return i
  }
  return -1
}

export function subcommandOf(args: readonly string[]): string | undefined {
  return args[subcommandIndex(args)]
}

/** The same call, its diffs made by git alone. */
export function withSafeArguments(args: readonly string[]): readonly string[] {
  const index = subcommandIndex(args)
  const safe = DIFFING.has(args[index] ?? '') ? ['--no-ext-diff', '--no-textconv'] : []
  return ['--no-pager', ...args.slice(0, index + 1), ...safe, ...args.slice(index + 1)]
}

/** Stands above anything that a repository says, whichever keys it uses. */
const FIXED_CONFIG: readonly ConfigEntry[] = [
  ['core.hooksPath', '/dev/null'],
  ['core.fsmonitor', 'false'],
  ['core.attributesFile', '/dev/null'],
  ['core.excludesFile', '/dev/null'],
  ['core.askPass', ''],
  ['core.gitProxy', ''],
  ['core.commitGraph', 'false'],
  ['credential.helper', ''],
  ['protocol.allow', 'never'],
  ['protocol.https.allow', 'always'],
  ['protocol.http.allow', 'always'],
  ['protocol.ssh.allow', 'always'],
  ['protocol.file.allow', 'always'],
  ['protocol.ext.allow', 'never'],
  ['http.followRedirects', 'initial'],
  ['gc.auto', '0'],
  ['maintenance.auto', 'false'],
  ['commit.gpgSign', 'false'],
  ['tag.gpgSign', 'false'],
  ['push.gpgSign', 'false'],
  ['log.showSignature', 'false'],
  ['merge.verifySignatures', 'false'],
  ['gpg.program', 'false'],
  ['submodule.recurse', 'false'],
  ['fetch.recurseSubmodules', 'false'],
  ['push.recurseSubmodules', 'no'],
  ['status.submoduleSummary', 'false'],
  ['diff.ignoreSubmodules', 'dirty'],
  ['safe.bareRepository', 'explicit'],
  ['advice.detachedHead', 'false'],
  ['init.defaultBranch', 'main'],
]

/** A first contact with an unknown host is refused, never asked or trusted. */
const SSH = 'ssh -o BatchMode=yes -o StrictHostKeyChecking=yes'

const FIXED_VARIABLES = {
  LC_ALL: 'C',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_ATTR_NOSYSTEM: '1',
  GIT_TERMINAL_PROMPT: '0',
  GIT_ALLOW_PROTOCOL: 'https:http:ssh:file',
  GIT_EDITOR: 'true',
  GIT_SEQUENCE_EDITOR: 'true',
  GIT_PAGER: 'cat',
  // Substituted or grafted history would show other commits than those that are pushed.
  GIT_NO_REPLACE_OBJECTS: '1',
  GIT_GRAFT_FILE: '/dev/null',
  GIT_NO_LAZY_FETCH: '1',
  GIT_OPTIONAL_LOCKS: '0',
} as const

export interface EnvironmentFacts {
  readonly options: { readonly home: string; readonly environment: Readonly<Record<string, string>> }
  readonly run: { readonly environment?: Readonly<Record<string, string>> }
  readonly repository: RepositoryLocation
  readonly override: readonly ConfigEntry[]
}

export function environmentOf({ options, run, repository, override }: EnvironmentFacts): Record<string, string> {
  const given = { ...options.environment, ...run.environment }
  return {
    GIT_ASKPASS: '',
    SSH_ASKPASS: '',
    GIT_SSH_COMMAND: SSH,
    ...given,
    HOME: options.home,
    ...FIXED_VARIABLES,
    GIT_CEILING_DIRECTORIES: repository.ceiling,
    ...(repository.isPlain ? { GIT_DIR: `${repository.root}/.git`, GIT_WORK_TREE: repository.root } : {}),
    // Ours first: an empty `credential.helper` ends the list of the repository's, then come those we were given.
    ...configVariables([...FIXED_CONFIG, ...override, ...givenConfig(given)]),
  }
}

function givenConfig(environment: Readonly<Record<string, string>>): readonly ConfigEntry[] {
  const count = Number(environment['GIT_CONFIG_COUNT'] ?? 0)
  return Array.from({ length: Number.isInteger(count) ? count : 0 }, (_, i): ConfigEntry => {
    return [environment[`GIT_CONFIG_KEY_${i}`] ?? '', environment[`GIT_CONFIG_VALUE_${i}`] ?? '']
  }).filter(([key]) => key !== '')
}

function configVariables(entries: readonly ConfigEntry[]): Record<string, string> {
  const pairs = entries.flatMap(([key, value], i) => [
    [`GIT_CONFIG_KEY_${i}`, key],
    [`GIT_CONFIG_VALUE_${i}`, value],
  ])
  return { ...Object.fromEntries(pairs), GIT_CONFIG_COUNT: String(entries.length) }
}
