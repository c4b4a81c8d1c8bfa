import { agentSucceeded, type Findings, toProblem } from '../evidence/findings.ts'
import type { Changes } from '../ports.ts'
import type { Run } from '../run.ts'

/**
 * Commits what the agent left and pushes the branch: for finished work and for work in progress alike, so a stop does
 * not end it. What fails is recorded; the verdict weighs it.
 */
export async function saveWork(run: Run, findings: Findings): Promise<void> {
  run.saving.begin()
  try {
    await run.steps.run('committing', async () => save(run, findings))
  } catch (error) {
    findings.saveProblem = toProblem(error)
    run.log.write({
      kind: 'note',
      level: 'error',
      text: `the work could not be saved: ${findings.saveProblem.message}`,
    })
  } finally {
    run.saving.end()
  }
}

async function save({ workspace, attempt, log }: Run, findings: Findings): Promise<void> {
  const done = findings.interruption === undefined && agentSucceeded(findings)
  const committed = await workspace.commitLeftovers(commitMessage(attempt.spec, done))
  if (committed) log.write({ kind: 'note', level: 'info', text: 'what the agent left uncommitted is committed' })
  findings.changes = await workspace.changes()
  // A branch without a commit of its own is not worth one on the remote.
  if (findings.changes.commits.length > 0) findings.pushedSha = await workspace.push()
  tellFlags(findings.changes, log)
}

function commitMessage({ taskId, name }: { taskId: string; name: string }, done: boolean): string {
  return done
    ? `Task ${taskId}: changes the agent left uncommitted\n\nAttempt: ${name}`
    : `Task ${taskId}: work in progress\n\nAttempt: ${name}`
}

function tellFlags({ flags }: Changes, log: Run['log']): void {
  for (const { kind, detail } of flags) log.write({ kind: 'flag', flag: kind, detail })
}
