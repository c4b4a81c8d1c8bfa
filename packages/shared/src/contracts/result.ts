/**
 * The result record: what the runner proved, written whole to `attempt-<n>/result.json`; its summary travels in
 * `attempt.finished`. The verdict follows from it, never from the agent's words.
 */
import { z } from 'zod'
import { AttemptName } from './names.ts'
import { Step } from './phases.ts'
import { BranchName } from './repositories.ts'

export const Outcome = z.enum(['Succeeded', 'Failed', 'Stopped', 'TimedOut'])
export type Outcome = z.infer<typeof Outcome>

const Sha = z.string().regex(/^[0-9a-f]{40,64}$/)
const DurationMs = z.number().min(0).describe('how long it took, milliseconds')

export const GateResult = z.object({
  name: z.string().describe('which gate'),
  command: z.array(z.string()),
  passed: z.boolean().describe('whether it passed'),
  exitCode: z.int().nullable().describe('null when it was killed or could not start'),
  timedOut: z.boolean(),
  durationMs: DurationMs,
  /** The end of its output, redacted. The whole is in the attempt's folder. */
  tail: z.string(),
  logFile: z.exactOptional(z.string()),
})
export type GateResult = z.infer<typeof GateResult>

export const Commit = z.object({ sha: Sha, author: z.string(), subject: z.string() })
export type Commit = z.infer<typeof Commit>
export const DiffStat = z.object({
  files: z.int().describe('files that changed'),
  insertions: z.int().describe('lines added'),
  deletions: z.int().describe('lines removed'),
})
export type DiffStat = z.infer<typeof DiffStat>

export const GitOperation = z.object({
  repository: z.enum(['platform', 'target']),
  operation: z.enum(['clone', 'fetch', 'push', 'lsRemote', 'checkout', 'commit', 'merge']),
  ok: z.boolean(),
  durationMs: DurationMs,
  problem: z.exactOptional(z.string()),
})
export type GitOperation = z.infer<typeof GitOperation>

export const StepRecord = z.object({ step: Step, startedAt: z.iso.datetime(), durationMs: DurationMs, ok: z.boolean() })
export type StepRecord = z.infer<typeof StepRecord>

/** A test command that was seen running, with what it answered. */
export const ObservedTest = z.object({
  command: z.string(),
  exitCode: z.int().nullable(),
  durationMs: z.exactOptional(DurationMs),
})
export type ObservedTest = z.infer<typeof ObservedTest>

/** An acceptance criterion of the task with what proves it, or `none`. */
export const Criterion = z.object({ text: z.string(), evidence: z.string() })
export type Criterion = z.infer<typeof Criterion>

export const FLAGS = [
  'TestsDisabled',
  'OutOfScope',
  'DocumentsMissing',
  'WorkSaved',
  'UnverifiedClaim',
  'ToolsDenied',
] as const
export const Flag = z.object({
  kind: z.string().describe(`one of ${FLAGS.join(', ')}; a newer release may have others`),
  detail: z.string().describe('what was seen'),
})
export type Flag = z.infer<typeof Flag>

/** What an attempt has used so far. */
export const Usage = z.object({
  toolCalls: z.int().min(0).describe('calls of tools'),
  inputTokens: z.int().min(0).describe('tokens that the model read'),
  outputTokens: z.int().min(0).describe('tokens that the model wrote'),
  costUsd: z.number().min(0).nullable().describe('US dollars, as the agent reports them; null where it does not'),
  turns: z.int().min(0).describe('turns of the agent'),
})
export type Usage = z.infer<typeof Usage>

export const NO_USAGE: Usage = { toolCalls: 0, inputTokens: 0, outputTokens: 0, costUsd: null, turns: 0 }

export const ResultRecord = z.object({
  v: z.literal(1),
  /** Id of the attempt's `task.submitted`; a record with another is ignored. */
  submittedId: z.string(),
  name: AttemptName,
  outcome: Outcome,
  reason: z.string(),
  message: z.string(),
  verified: z.boolean(),
  startedAt: z.iso.datetime(),
  endedAt: z.iso.datetime(),
  durationMs: DurationMs,
  branch: BranchName,
  baseSha: Sha.nullable(),
  pushedSha: Sha.nullable(),
  commits: z.array(Commit),
  diffStat: DiffStat,
  gates: z.array(GateResult),
  observedTests: z.array(ObservedTest),
  criteria: z.array(Criterion),
  flags: z.array(Flag),
  steps: z.array(StepRecord),
  git: z.array(GitOperation),
  usage: Usage,
  agent: z
    .object({
      adapter: z.string(),
      exitCode: z.int().nullable(),
      signal: z.string().nullable(),
      durationMs: DurationMs,
      sessionId: z.exactOptional(z.string()),
      lastText: z.exactOptional(z.string()),
    })
    .nullable(),
  /** Where work of an earlier attempt was saved before the tree was cleaned, relative to the workspace. */
  savedWork: z.array(z.string()),
  /** What a person reads before deciding on a retry: reason, the failed gate's last lines, what was done. Markdown. */
  brief: z.string(),
  /** Number of the last log line written before this record. */
  lines: z.int(),
})
export type ResultRecord = z.infer<typeof ResultRecord>

/** The part of the record that the event carries; texts are cut to fit `EVENT_MAX_BYTES`. */
export const ResultSummary = z.object({
  branch: BranchName.describe('the branch that holds the work'),
  pushedSha: Sha.nullable().describe('the commit that was pushed; null where none was'),
  commits: z.int().describe('commits on top of the base'),
  diffStat: DiffStat.describe('how much changed'),
  gates: z
    .array(GateResult.pick({ name: true, passed: true, exitCode: true, durationMs: true }))
    .describe('what each gate said, on a clean checkout of the pushed commit'),
  flags: z.array(Flag).describe('what a person should look at'),
  usage: Usage.describe('what the attempt has used'),
  durationMs: DurationMs.describe('from claim to record, milliseconds'),
  brief: z.string().describe('what to read before a retry, Markdown, cut to fit'),
  digest: z.string().describe('SHA-256 of the whole record, `result.json`'),
})
export type ResultSummary = z.infer<typeof ResultSummary>
