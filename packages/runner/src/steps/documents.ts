import type { TaskDocuments } from '../ports.ts'
import type { Run } from '../run.ts'

export async function prepareDocuments({ steps, workspace, log }: Run): Promise<TaskDocuments> {
  return steps.run('documents', async () => {
    const documents = await workspace.prepareDocuments()
    for (const file of documents.missing) log.write({ kind: 'flag', flag: 'DocumentsMissing', detail: file })
    return documents
  })
}
