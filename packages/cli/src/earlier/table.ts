/**
 * What earlier users type and this program names otherwise, or does no more. Flags with a meaning are other names of
 * today's; flags without one are accepted, and said to be ignored; commands without one say what to do instead. None of
 * it is in the help; docs/cli.md lists it.
 */

export interface EarlierFlag {
  /** As commander takes it: `-r, --repo <url>`. */
  readonly flags: string
  /** Today's flag, whose value this is. */
  readonly now?: string
  /** Of a flag without a meaning: what to do instead. */
  readonly instead?: string
}

export interface EarlierFlags {
  /** The command that takes them; every one where it is empty. */
  readonly path: readonly string[]
  readonly flags: readonly EarlierFlag[]
}

export interface EarlierCommand {
  readonly path: readonly string[]
  /** Today's command, which runs in its place. */
  readonly now?: readonly string[]
  /** Flags whose values are arguments of today's command, in their order. */
  readonly positional?: readonly string[]
  /** Of a command without a meaning: what to do instead. */
  readonly instead?: string
}

const TOOLS = 'the tools of a task are named in its client-config.json, those of a service in the settings ("tools")'
const COUNTED = 'a task with earlier attempts is tried again by itself; "task retry" demands guidance for it'
const DOCUMENTS = 'the documents come from the platform repository, from .taskmaster/docs/task-<id>/'
const IN_SETTINGS = 'variables of an agent are in the settings: "environment", and files with secrets in "credentials"'

export const EARLIER_FLAGS: readonly EarlierFlags[] = [
  {
    path: [],
    flags: [
      { flags: '--api-url <url>', now: '--server' },
      { flags: '-v, --verbose', instead: 'services log more with "up --log-level debug"' },
    ],
  },
  {
    path: ['task', 'submit'],
    flags: [
      { flags: '-s, --service <service>', now: '<service>' },
      { flags: '-r, --repo <url>', now: '--repository-url' },
      { flags: '--agent-name <name>', now: '--agent' },
      { flags: '--docs-repository-url <url>', now: '--platform-repository-url' },
      { flags: '--docs-branch <name>', now: '--platform-branch' },
      { flags: '--prompt <path>', now: '--guidance-file' },
      { flags: '-d, --taskmaster-dir <path>', instead: DOCUMENTS },
      { flags: '-c, --context <path>', instead: 'give it as guidance, with --guidance-file' },
      { flags: '-t, --tools <list>', instead: TOOLS },
      { flags: '--retry', instead: COUNTED },
      { flags: '--task-json <path>', instead: DOCUMENTS },
      { flags: '--design-spec <path>', instead: `${DOCUMENTS}: put it there as architecture.md` },
      { flags: '--docs-project-directory <path>', instead: DOCUMENTS },
      { flags: '--platform-project-directory <path>', instead: DOCUMENTS },
      { flags: '--local-tools <list>', instead: TOOLS },
      { flags: '--remote-tools <list>', instead: TOOLS },
      { flags: '--tool-config <name>', instead: TOOLS },
      { flags: '--context-version <number>', instead: 'attempts are counted by the server' },
      { flags: '--continue-session', instead: 'a retry goes on with the session of the attempt before by itself' },
      { flags: '--overwrite-memory', instead: 'what the agent is told is made anew for each attempt' },
      { flags: '--env <list>', instead: IN_SETTINGS },
      { flags: '--env-from-secrets <list>', instead: IN_SETTINGS },
    ],
  },
  {
    path: ['task', 'list'],
    flags: [
      { flags: '--microservice <service>', now: '--service' },
      { flags: '--status <phase>', now: '--phase' },
    ],
  },
]

const WRITTEN = 'documents are written by people, or by an agent as a task of the platform repository: see README.md'

export const EARLIER_COMMANDS: readonly EarlierCommand[] = [
  { path: ['task', 'submit-advanced'], now: ['task', 'submit'], positional: ['--service-name', '--task-id'] },
  { path: ['task', 'code'], now: ['task', 'submit'], positional: ['-s, --service'] },
  {
    path: ['task', 'add-context'],
    instead: 'a running attempt is told nothing new: stop it, then "task retry" with --guidance or --guidance-file',
  },
  { path: ['task', 'init-docs'], instead: WRITTEN },
  { path: ['task', 'docs'], instead: WRITTEN },
  { path: ['job', 'list'], now: ['task', 'list'] },
  { path: ['job', 'get'], now: ['task', 'status'], positional: ['--id'] },
  { path: ['job', 'logs'], now: ['task', 'logs'], positional: ['--id'] },
  { path: ['config', 'create'], instead: 'services, agents and channels are in one file: "up --config <file>"' },
  { path: ['config', 'get'], instead: 'the settings are the file that "up --config" was given' },
  { path: ['health'], now: ['doctor'] },
  {
    path: ['sync-github'],
    instead: 'project boards are not written by this version; channels of the settings tell of ends',
  },
]
