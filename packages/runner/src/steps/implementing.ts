import type { RunnerLineBody } from '@orchestrator/shared/contracts'
import { limitReached, startIdleWatchdog } from '../control/limits.ts'
import type { AgentEnd, TaskDocuments } from '../ports.ts'
import type { Run } from '../run.ts'
import type { Prepared } from './workspace.ts'

/** Runs the agent under its limits. Its end is returned however it came; the ending says whether a limit brought it. */
export async function implement(run: Run, documents: TaskDocuments, prepared: Prepared): Promise<AgentEnd> {
  return run.steps.run('implementing', async () => {
    using stack = new DisposableStack()
    stack.use(listen(run))
    await using watchdog = startIdleWatchdog(run.ending, run.attempt.spec.limits.idleMinutes, run.clock)
    const end = await run.agent.run({
      attempt: run.attempt,
      workingDirectory: prepared.target.workingDirectory,
      documentsDirectory: documents.directory,
      attemptDirectory: run.tenancy.attemptDirectory,
      prompt: prepared.prompt,
      promptPath: prepared.promptPath,
      tools: documents.tools.tools,
      signal: run.ending.signal,
      onActivity: () => watchdog.touch(),
      onStuck: (what) => run.ending.end({ kind: 'stuck', what }),
    })
    run.log.noteLeftOut()
    return end
  })
}

/** Shows the first test as a step of its own, and ends the attempt when its use reaches a limit. */
function listen({ attempt, steps, ending, listeners, observations }: Run): Disposable {
  let endTesting: ((ok: boolean) => void) | undefined
  const listener = (body: RunnerLineBody): void => {
    if (body.kind === 'test') endTesting ??= steps.begin('testing')
    const cause = body.kind === 'usage' ? limitReached(attempt.spec.limits, observations.usage) : undefined
    if (cause !== undefined) ending.end(cause)
  }
  listeners.add(listener)
  return {
    [Symbol.dispose]: () => {
      listeners.delete(listener)
      endTesting?.(true)
    },
  }
}
