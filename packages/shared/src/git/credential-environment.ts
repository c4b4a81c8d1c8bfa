/** How git is told of a credential: by variables that name files, and commands that are always the same. Pure. */
import type { Credential } from './credential-choice.ts'
import type { ConfigEntry } from './repository-config.ts'

/** Files that ssh insists on having to itself, and without characters that mean something in its options. */
export interface PrivateCopies {
  readonly keyFile?: string
  readonly knownHostsFile?: string
}

/** Reads the first line of the files at each call; git's other words (`store`, `erase`) mean nothing to it. */
const TOKEN_HELPER = `!f() {
  test "$1" = get || exit 0
  user=x-access-token; token=; cr=$(printf '\\r')
  test -z "$ORCHESTRATOR_GIT_USERNAME_FILE" || IFS= read -r user < "$ORCHESTRATOR_GIT_USERNAME_FILE"
  IFS= read -r token < "$ORCHESTRATOR_GIT_TOKEN_FILE"
  test -z "$token" || printf 'username=%s\\npassword=%s\\n' "\${user%"$cr"}" "\${token%"$cr"}"
}; f`

/** Asks git as its person has it set up, outside of any repository. What was refused is not erased there. */
const USER_HELPER = `!f() {
  test "$1" = get || exit 0
  cd / && exec env -i HOME="$ORCHESTRATOR_GIT_USER_HOME" PATH="$PATH" LC_ALL=C XDG_RUNTIME_DIR="/run/user/$(id -u)" \\
    GIT_TERMINAL_PROMPT=0 GIT_ASKPASS= SSH_ASKPASS= git -c core.askPass= credential fill
}; f`

/** A host that is not known is refused, never asked about or trusted; what is known of hosts is never changed. */
const SSH =
  'ssh -o BatchMode=yes -o StrictHostKeyChecking=yes -o UpdateHostKeys=no -o ConnectTimeout=30 -o PreferredAuthentications=publickey'
const KNOWN_HOSTS = '-o UserKnownHostsFile="$ORCHESTRATOR_GIT_KNOWN_HOSTS"'
const KEY = '-F /dev/null -i "$ORCHESTRATOR_GIT_KEY_FILE" -o IdentitiesOnly=yes -o IdentityAgent=none'

export function credentialEnvironment(
  credential: Credential,
  url: string,
  copies: PrivateCopies,
): Readonly<Record<string, string>> {
  const { knownHostsFile = '', keyFile = '' } = copies
  switch (credential.kind) {
    case 'token':
      return {
        ORCHESTRATOR_GIT_TOKEN_FILE: credential.tokenFile,
        ORCHESTRATOR_GIT_USERNAME_FILE: credential.usernameFile ?? '',
        ...configuration([...helperEntries(url, TOKEN_HELPER), ...authority(credential.caFile)]),
      }
    case 'helpers':
      return {
        ORCHESTRATOR_GIT_USER_HOME: credential.home,
        ...configuration([...helperEntries(url, USER_HELPER), ...authority(credential.caFile)]),
      }
    case 'anonymous':
      return configuration(authority(credential.caFile))
    case 'key':
      return ssh(`${SSH} ${KEY} ${KNOWN_HOSTS}`, {
        ORCHESTRATOR_GIT_KEY_FILE: keyFile,
        ORCHESTRATOR_GIT_KNOWN_HOSTS: knownHostsFile,
      })
    case 'agent':
      return ssh(
        [
          SSH,
          ...(credential.configFile === undefined ? [] : ['-F "$ORCHESTRATOR_GIT_SSH_CONFIG"']),
          ...(credential.knownHostsFile === undefined ? [] : [KNOWN_HOSTS]),
        ].join(' '),
        { ORCHESTRATOR_GIT_SSH_CONFIG: credential.configFile ?? '', ORCHESTRATOR_GIT_KNOWN_HOSTS: knownHostsFile },
      )
    default:
      return {}
  }
}

/** For this repository alone, whatever else is on its host. */
function helperEntries(url: string, helper: string): readonly ConfigEntry[] {
  return [
    ['credential.useHttpPath', 'true'],
    [`credential.${url}.helper`, helper],
  ]
}

function authority(caFile: string | undefined): readonly ConfigEntry[] {
  return caFile === undefined ? [] : [['http.sslCAInfo', caFile]]
}

function ssh(command: string, variables: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return { GIT_SSH_COMMAND: command, GIT_SSH_VARIANT: 'ssh', ...variables }
}

function configuration(entries: readonly ConfigEntry[]): Readonly<Record<string, string>> {
  const pairs = entries.flatMap(([key, value], i) => [
    [`GIT_CONFIG_KEY_${i}`, key],
    [`GIT_CONFIG_VALUE_${i}`, value],
  ])
  return { ...Object.fromEntries(pairs), GIT_CONFIG_COUNT: String(entries.length) }
}
