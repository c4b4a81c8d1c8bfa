import { describeError, TerminalError } from '@orchestrator/shared/core'
import { findProgram } from '../agents/find-program.ts'
import type { TaskDocuments } from '../ports.ts'
import type { Run } from '../run.ts'

export async function prepareDocuments(run: Run): Promise<TaskDocuments> {
  const { steps, workspace, log } = run
  return steps.run('documents', async () => {
    const documents = await workspace.prepareDocuments()
    for (const file of documents.missing) log.write({ kind: 'flag', flag: 'DocumentsMissing', detail: file })
    await findToolServers(run, documents)
    return documents
  })
}

/** Who starts a tool server only learns that it is gone. @throws TerminalError TOOLS_UNAVAILABLE naming server and program */
async function findToolServers({ attempt, environment }: Run, { tools }: TaskDocuments): Promise<void> {
  const searchPath = attempt.agent.environment['PATH'] ?? environment.PATH
  for (const [name, { command }] of Object.entries(tools.clientConfig?.localServers ?? {})) {
    // Relative to a folder that may come with the repository.
    if (command.includes('/') && !command.startsWith('/')) continue
    await findProgram(command, searchPath).catch((cause: unknown) => {
      throw new TerminalError(
        'TOOLS_UNAVAILABLE',
        `the local tool server "${name}" cannot start: ${describeError(cause)}`,
      )
    })
  }
}
