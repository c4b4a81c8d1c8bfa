/** The embedded broker's configuration file. Pure. */
import { shortHash } from '../../core/index.ts'
import { neededBytes, TASKS } from '../topology/topology-streams.ts'

export interface Credentials {
  readonly user: string
  readonly password: string
}

export interface BrokerConfig extends Credentials {
  readonly serverName: string
  /** -1: a free one. */
  readonly port: number
  /** The broker writes its ports and its pid there once it accepts connections. */
  readonly portsDirectory: string
  readonly storeDirectory: string
  /** False only for a store that is thrown away unless it is completed and then synced as a whole. */
  readonly synced: boolean
  /** Limit of the account: below the disk, above what the topology needs. */
  readonly maxStorageBytes: number
}

/** Of the broker's own account, with the password of the directory; the account has the same name. */
export const SYSTEM_USER = 'SYSTEM'

const HEADROOM_BYTES = 64 * 1024 * 1024

/** What the account may store: all that the topology asks for, and a little. */
export function accountBytes(ledgerMaxBytes: number): number {
  return neededBytes({ ledgerMaxBytes, replicas: 1 }) + HEADROOM_BYTES
}

/** One name for one directory: how a running broker is recognised. */
export function serverName(directory: string): string {
  return `orchestrator-${shortHash(directory, 12)}`
}

/** Whoever has the password may do anything but make the ledger forget. */
const DENIED = [`$JS.API.STREAM.DELETE.${TASKS}`, `$JS.API.STREAM.PURGE.${TASKS}`, `$JS.API.STREAM.MSG.DELETE.${TASKS}`]

const SYNCED = `  # An acknowledged write survives a power cut.
  sync_interval: always
`

export function renderBrokerConfig(config: BrokerConfig): string {
  return `# Written at each start.
server_name: ${quote(config.serverName)}
host: "127.0.0.1"
port: ${config.port}
ports_file_dir: ${quote(config.portsDirectory)}
jetstream {
  store_dir: ${quote(config.storeDirectory)}
${config.synced ? SYNCED : ''}  max_file_store: ${config.maxStorageBytes}
}
accounts {
  ORCHESTRATOR {
    jetstream: { max_file: ${config.maxStorageBytes} }
    users: [{
      user: ${quote(config.user)}
      password: ${quote(config.password)}
      permissions: { publish: { deny: [${DENIED.map(quote).join(', ')}] } }
    }]
  }
  # Only to ask the broker how it is.
  ${SYSTEM_USER}: { users: [{ user: ${quote(SYSTEM_USER)}, password: ${quote(config.password)} }] }
}
system_account: ${SYSTEM_USER}
`
}

/** As the server reads strings: its escapes are a subset of JSON's, so other control characters are refused. */
function quote(text: string): string {
  if (/\p{Cc}/u.test(text)) throw new Error('a control character in the configuration of the broker')
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', String.raw`\"`)}"`
}
