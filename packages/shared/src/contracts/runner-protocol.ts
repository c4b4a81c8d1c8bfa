/**
 * What passes between launcher, runner and watcher: one file in, small control files, numbered lines and a result out.
 *
 * Launch folder (a ConfigMap and the pod's own files on a cluster):
 *
 *     attempt.json        the whole order (`AttemptFile`)
 *     files/<base name>   rendered texts, as `AttemptFile.files` maps them
 *     held/<spawn>.json   each runner's own identity, written before it waits (`HeldFile`)
 *     lines/<spawn>.ndjson  its standard output: one `RunnerLine` a line
 *     errors/<spawn>.txt  its standard error: only a crash of the runner itself writes there
 *     go.json             names the one runner that may go on (`GoFile`)
 *     stop.json           asks it to stop (`StopFile`)
 */
import { z } from 'zod'
import { AttemptSpec } from './attempt-spec.ts'
import { Epoch } from './events.ts'
import { GitCredentials } from './git-credentials.ts'
import { AttemptNumber } from './identity.ts'
import { AttemptName } from './names.ts'
import { TerminalPhase, Step } from './phases.ts'
import { GateResult, GitOperation, ObservedTest, Usage } from './result.ts'
import { ToolOrder } from './tools.ts'

export const ATTEMPT_FILE = 'attempt.json'
export const GO_FILE = 'go.json'
export const STOP_FILE = 'stop.json'
export const RESULT_FILE = 'result.json'
/** Every process of an attempt carries this variable; its value is the id of its `task.submitted`. */
export const MARKER_VARIABLE = 'ORCHESTRATOR_ATTEMPT'
export const RUNNER_LINE_MAX_BYTES = 12 * 1024
export const SUMMARY_MAX_BYTES = 1024

/** Agents that are programs of others, driven by what they print: one adapter each. */
export const AGENT_PROGRAMS = ['claude', 'codex'] as const

/** How the agent of an attempt is driven. `command`: any program, prompt by file and standard input. */
export const AgentOrder = z.discriminatedUnion('adapter', [
  z.object({
    adapter: z.enum(AGENT_PROGRAMS),
    program: z.string().describe('absolute path, or a name that is looked up on the PATH'),
    environment: z.record(z.string(), z.string()).describe('passed on explicitly; nothing else of the machine is'),
    credentialFiles: z.record(z.string(), z.string()).describe('variable -> file that holds its value'),
    loginDirectory: z.exactOptional(z.string()).describe("folder with a person's login, used where no file gives one"),
  }),
  z.object({
    adapter: z.literal('command'),
    command: z.array(z.string()).min(1).describe('program and arguments; no shell reads it'),
    environment: z.record(z.string(), z.string()).describe('passed on explicitly; nothing else of the machine is'),
    credentialFiles: z
      .exactOptional(z.record(z.string(), z.string()))
      .describe('variable -> file that holds its value'),
  }),
])
export type AgentOrder = z.infer<typeof AgentOrder>

/** A rendered text and where it belongs in the workspace, relative to its root. */
export const RenderedFile = z.object({ file: z.string(), destination: z.string(), executable: z.boolean() })

export const EarlierAttempt = z.object({
  n: AttemptNumber,
  name: AttemptName,
  phase: TerminalPhase.nullable(),
  reason: z.string().nullable(),
  message: z.string().nullable(),
  guidance: z.string().nullable(),
  promptMode: z.enum(['append', 'replace']),
})
export type EarlierAttempt = z.infer<typeof EarlierAttempt>

export const AttemptFile = z.object({
  v: z.literal(1),
  submittedId: z.string(),
  spec: AttemptSpec,
  epoch: Epoch,
  /** Absolute path of the workspace as the runner sees it. */
  workspaceDirectory: z.string(),
  agent: AgentOrder,
  files: z.array(RenderedFile),
  /** Name, among `files`' sources, of the rendered prompt; the runner fills in what only the workspace knows. */
  promptFile: z.string(),
  earlier: z.array(EarlierAttempt),
  /** Left out by older launchers: no tools but the agent's own. */
  tools: z.exactOptional(ToolOrder),
  credentials: z.object({
    /** Passed to git of the runner only, never to the agent, where it speaks with a remote. */
    gitEnvironment: z.record(z.string(), z.string()),
    /** Left out by older launchers: none but what `gitEnvironment` gives. */
    git: z.exactOptional(GitCredentials),
    /** Values that must never appear in a line: read from these files at start. */
    secretFiles: z.array(z.string()),
  }),
  /** Time between being asked to stop and the end, milliseconds. */
  stopGraceMs: z.int().positive(),
  /** How long a held runner waits for `go`, milliseconds. */
  holdLimitMs: z.int().positive(),
})
export type AttemptFile = z.infer<typeof AttemptFile>

/** On one machine a process is its boot id, pid and start time in clock ticks; nothing else is unique. */
export const HeldFile = z.object({
  v: z.literal(1),
  submittedId: z.string(),
  workloadUid: z.string(),
  spawn: z.string(),
  pid: z.int(),
  bootId: z.string(),
  startTicks: z.string(),
})
export type HeldFile = z.infer<typeof HeldFile>

export const GoFile = z.object({ v: z.literal(1), workloadUid: z.string() })
export type GoFile = z.infer<typeof GoFile>

export const StopFile = z.object({
  v: z.literal(1),
  requestedBy: z.string(),
  /** Set when nobody asked: the launcher ends an attempt that has outlived its limit. */
  cause: z.exactOptional(z.literal('deadline')),
})
export type StopFile = z.infer<typeof StopFile>

/** Content of `tasks/<tag>-<id>/attempt-<n>/claim`: which workload owns the attempt's folder. */
export const ClaimFile = z.object({ v: z.literal(1), submittedId: z.string(), workloadUid: z.string() })
export type ClaimFile = z.infer<typeof ClaimFile>

const line = { seq: z.int().min(1), time: z.iso.datetime() }

/** One line of a runner: numbered from 1, redacted, at most 12 KiB of JSON. */
export const RunnerLine = z.discriminatedUnion('kind', [
  /** A step begins. */
  z.object({ ...line, kind: z.literal('step'), step: Step, message: z.exactOptional(z.string()) }),
  /** Something people should know: a warning, a decision, saved work. */
  z.object({ ...line, kind: z.literal('note'), level: z.enum(['info', 'warning', 'error']), text: z.string() }),
  /** A line of the agent's own output. */
  z.object({
    ...line,
    kind: z.literal('output'),
    stream: z.enum(['stdout', 'stderr']),
    text: z.string(),
    cut: z.exactOptional(z.int()),
  }),
  /** The agent says something. */
  z.object({ ...line, kind: z.literal('text'), text: z.string() }),
  /** The agent uses a tool. */
  z.object({
    ...line,
    kind: z.literal('tool'),
    tool: z.string(),
    summary: z.string(),
    ok: z.exactOptional(z.boolean()),
    durationMs: z.exactOptional(z.number()),
  }),
  z.object({ ...line, kind: z.literal('usage'), usage: Usage }),
  z.object({ ...line, kind: z.literal('git'), ...GitOperation.shape }),
  z.object({ ...line, kind: z.literal('test'), ...ObservedTest.shape }),
  z.object({
    ...line,
    kind: z.literal('gate'),
    ...GateResult.pick({ name: true, passed: true, exitCode: true, timedOut: true, durationMs: true }).shape,
  }),
  z.object({ ...line, kind: z.literal('flag'), flag: z.string(), detail: z.string() }),
  /** Another runner owns this attempt: this one does nothing. No evidence of anything. */
  z.object({ ...line, kind: z.literal('claim-lost'), holder: z.string() }),
  /** The last line: what the result record says, under 1 KiB. */
  z.object({
    ...line,
    kind: z.literal('summary'),
    submittedId: z.string(),
    outcome: z.string(),
    reason: z.string(),
    message: z.string(),
    pushedSha: z.string().nullable(),
    digest: z.string(),
  }),
])
export type RunnerLine = z.infer<typeof RunnerLine>
/** A line before it is numbered and timed. */
export type RunnerLineBody = RunnerLine extends infer L
  ? L extends RunnerLine
    ? Omit<L, 'seq' | 'time'>
    : never
  : never
