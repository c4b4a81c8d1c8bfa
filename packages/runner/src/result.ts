/** The record of what was proven, the line that sums it up, and the copy of the log: in this order. */
import { copyFile, rename, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { RESULT_FILE, type ResultRecord, type RunnerLineBody, SUMMARY_MAX_BYTES } from '@orchestrator/shared/contracts'
import { backoffMs, type Clock, cutToBytes, describeError, sha256Hex } from '@orchestrator/shared/core'
import { writeDurably } from './control/durable-file.ts'
import { writeBrief } from './evidence/brief.ts'
import { weighCriteria } from './evidence/criteria.ts'
import type { Findings } from './evidence/findings.ts'
import type { Verdict } from './evidence/outcome.ts'
import type { AgentEnd } from './ports.ts'
import type { Run } from './run.ts'

export interface Conclusion {
  readonly run: Run
  readonly findings: Findings
  readonly verdict: Verdict
  readonly startedAt: Date
  readonly durationMs: number
}

/** Texts of the record, as it is written: secrets are out. */
export function toRecord(conclusion: Conclusion): ResultRecord {
  const { run, findings, verdict, startedAt, durationMs } = conclusion
  const { attempt, observations, workspace } = run
  const { changes, target, agent } = findings
  return {
    v: 1,
    submittedId: attempt.submittedId,
    name: attempt.spec.name,
    ...verdict,
    startedAt: startedAt.toISOString(),
    // Not asked of the clock, which may have been set since the start.
    endedAt: new Date(startedAt.getTime() + durationMs).toISOString(),
    durationMs,
    branch: attempt.spec.branch,
    baseSha: target?.baseSha ?? null,
    pushedSha: findings.pushedSha ?? null,
    commits: [...(changes?.commits ?? [])],
    diffStat: changes?.diffStat ?? { files: 0, insertions: 0, deletions: 0 },
    gates: findings.gates,
    observedTests: [...observations.tests],
    criteria: [
      ...weighCriteria(findings.documents?.criteria ?? [], {
        gates: findings.gates,
        tests: observations.tests,
      }),
    ],
    flags: [...observations.flags],
    steps: [...run.steps.records],
    git: [...workspace.gitOperations],
    usage: observations.usage,
    agent: agent === undefined ? null : { adapter: attempt.agent.adapter, ...factsOf(agent) },
    savedWork: [...(target?.savedWork ?? [])],
    brief: briefOf(conclusion),
    lines: run.log.lines,
  }
}

function factsOf({ exitCode, signal, durationMs, sessionId, lastText }: AgentEnd): Omit<AgentFacts, 'adapter'> {
  return {
    exitCode,
    signal,
    durationMs,
    ...(sessionId !== undefined && { sessionId }),
    ...(lastText !== undefined && { lastText }),
  }
}
type AgentFacts = NonNullable<ResultRecord['agent']>

function briefOf({ run, findings, verdict }: Conclusion): string {
  const { attempt, tenancy, observations } = run
  return writeBrief({
    name: attempt.spec.name,
    branch: attempt.spec.branch,
    attemptFolder: relative(attempt.workspaceDirectory, tenancy.attemptDirectory),
    verdict,
    findings,
    tests: observations.tests,
  })
}

/** Writes `result.json`, then `brief.md`. @returns the digest of `result.json`; empty when it could not be written */
export async function writeResult(
  { redaction, tenancy, clock }: Pick<Run, 'redaction' | 'tenancy' | 'clock'>,
  record: ResultRecord,
): Promise<string> {
  const text = JSON.stringify(record, redaction.replacer, 2)
  const place = (name: string): string => join(tenancy.attemptDirectory, name)
  const isWritten = await insist(RESULT_FILE, clock, async () => writeDurably(place(RESULT_FILE), text))
  // For people; the record holds it too.
  await writeFile(place('brief.md'), redaction.text(record.brief)).catch((error: unknown) =>
    complain('brief.md', error),
  )
  return isWritten ? sha256Hex(text) : ''
}

const TRIES = 6
const PAUSES = { firstMs: 200, maxMs: 3000 }

/** A full disk may get room in a moment. When it does not, the summary line alone tells the result. */
async function insist(what: string, clock: Clock, write: () => Promise<void>): Promise<boolean> {
  const never = new AbortController().signal
  for (let tries = 1; tries <= TRIES; tries += 1) {
    try {
      await write()
      return true
    } catch (error) {
      complain(`${what} (try ${tries} of ${TRIES})`, error)
      if (tries < TRIES) await clock.sleep(backoffMs(tries, PAUSES), never)
    }
  }
  return false
}

function complain(what: string, error: unknown): void {
  process.stderr.write(`cannot write ${what}: ${describeError(error)}\n`)
}

export interface SummaryFacts {
  readonly submittedId: string
  readonly verdict: Verdict
  readonly pushedSha: string | null
  /** Empty when there is no record. */
  readonly digest: string
}

/** The last line: under its bound as JSON whatever the message holds. */
export function toSummary({ submittedId, verdict, pushedSha, digest }: SummaryFacts): RunnerLineBody {
  const { outcome, reason } = verdict
  const summary = (message: string): RunnerLineBody => ({
    kind: 'summary',
    submittedId,
    outcome,
    reason,
    message,
    pushedSha,
    digest,
  })
  // The number and the time of the line come on top.
  const room = SUMMARY_MAX_BYTES - 64
  for (let maxBytes = 600; maxBytes > 0; maxBytes -= 100) {
    const line = summary(cutToBytes(verdict.message, maxBytes))
    if (Buffer.byteLength(JSON.stringify(line)) <= room) return line
  }
  return summary('')
}

/** The log beside the result, as it was written. */
export async function copyLog({ launchFolder, spawn, tenancy }: Run): Promise<void> {
  const aside = join(tenancy.attemptDirectory, '.log.ndjson.part')
  try {
    await copyFile(join(launchFolder, 'lines', `${spawn}.ndjson`), aside)
    await rename(aside, join(tenancy.attemptDirectory, 'log.ndjson'))
  } catch (error) {
    complain('the copy of the log', error)
  }
}
