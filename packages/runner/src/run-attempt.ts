/** The steps of an attempt, in order. Whatever happens on the way, work is saved and a result is written. */
import type { Findings } from './evidence/findings.ts'
import { agentSucceeded, differsFromBase, toProblem } from './evidence/findings.ts'
import type { Verdict } from './evidence/outcome.ts'
import type { Run } from './run.ts'
import { saveWork } from './steps/committing.ts'
import { type Begun, conclude } from './steps/concluding.ts'
import { prepareDocuments } from './steps/documents.ts'
import { runGates } from './steps/gates.ts'
import { implement } from './steps/implementing.ts'
import { preflight } from './steps/preflight.ts'
import { prepareWorkspace } from './steps/workspace.ts'

export async function runAttempt(run: Run, begun: Begun): Promise<Verdict> {
  const findings: Findings = { gates: [] }
  await untilInterrupted(run, findings, doWork)
  if (mayHaveWork(findings)) await saveWork(run, findings)
  await untilInterrupted(run, findings, proveWork)
  return conclude(run, findings, begun)
}

async function doWork(run: Run, findings: Findings): Promise<void> {
  await preflight(run)
  const documents = await prepareDocuments(run)
  findings.documents = documents
  const prepared = await prepareWorkspace(run, documents, (target) => {
    findings.target = target
  })
  run.ending.signal.throwIfAborted()
  findings.agent = await implement(run, documents, prepared)
}

async function proveWork(run: Run, findings: Findings): Promise<void> {
  const { pushedSha, documents, saveProblem } = findings
  const isWorthProof = agentSucceeded(findings) && saveProblem === undefined && differsFromBase(findings)
  if (!isWorthProof || pushedSha === undefined) return
  await runGates(run, {
    gates: documents?.gates ?? run.attempt.spec.gates,
    sha: pushedSha,
    results: findings.gates,
  })
}

/** Runs the work unless something has ended it already, and notes what ends it now: a person, a limit, or an error. */
async function untilInterrupted(
  run: Run,
  findings: Findings,
  work: (run: Run, findings: Findings) => Promise<void>,
): Promise<void> {
  if (findings.interruption !== undefined) return
  try {
    run.ending.signal.throwIfAborted()
    await work(run, findings)
    run.ending.signal.throwIfAborted()
  } catch (error) {
    const { cause } = run.ending
    findings.interruption =
      cause === undefined ? { kind: 'problem', problem: toProblem(error) } : { kind: 'ended', cause }
    tellInterruption(run, error)
  }
}

function tellInterruption({ log, ending }: Run, error: unknown): void {
  const text =
    ending.cause === undefined ? toProblem(error).message : `the attempt ends before its time: ${ending.cause.kind}`
  log.write({ kind: 'note', level: ending.cause?.kind === 'stop' ? 'info' : 'error', text })
}

/** Who lost the workspace to a later attempt has nothing to save there. */
function mayHaveWork({ target, interruption }: Findings): boolean {
  const isFenced = interruption?.kind === 'problem' && interruption.problem.code === 'FENCED'
  return target !== undefined && !isFenced
}
