import type { Findings } from '../evidence/findings.ts'
import { decideOutcome, type Verdict } from '../evidence/outcome.ts'
import { copyLog, toRecord, toSummary, writeResult } from '../result.ts'
import type { Run } from '../run.ts'

export interface Begun {
  readonly startedAt: Date
  readonly startedMs: number
}

/** Decides, writes the record, then the summary as the last line, then the copy of the log. */
export async function conclude(run: Run, findings: Findings, { startedAt, startedMs }: Begun): Promise<Verdict> {
  // What a hook of a remote or a cut-off git left behind must not outlive the result.
  await run.endStrays()
  const verdict = decideOutcome(findings)
  const endStep = run.steps.begin('result')
  endStep(true)
  const record = toRecord({
    run,
    findings,
    verdict,
    startedAt,
    durationMs: Math.round(run.clock.monotonicMs() - startedMs),
  })
  const digest = await writeResult(run, record)
  const { submittedId } = run.attempt
  run.log.write(toSummary({ submittedId, verdict, pushedSha: record.pushedSha, digest }))
  await copyLog(run)
  return verdict
}
