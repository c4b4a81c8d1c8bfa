import { createGitRemote, type GitRemote } from '@orchestrator/testing'

export interface TaskDocuments {
  /** Folder of tasks of a tag other than `master`. */
  readonly tag?: string
  readonly id: string
  readonly gates?: readonly { readonly name: string; readonly command: readonly string[] }[]
}

/** A platform repository with the documents of these tasks. */
export async function createPlatform(
  tasks: readonly TaskDocuments[],
  further: Readonly<Record<string, string>> = {},
): Promise<GitRemote> {
  const files = tasks.flatMap(({ tag, id, gates }) => {
    const folder = `.taskmaster/docs/${tag === undefined ? '' : `${tag}/`}task-${id}`
    const documents: [string, string][] = [
      [`${folder}/task.md`, `# Task ${tag ?? ''} ${id}\n\nDo it.\n`],
      [`${folder}/acceptance-criteria.md`, '- [ ] it is done\n'],
    ]
    return gates === undefined
      ? documents
      : [...documents, [`${folder}/gates.json`, JSON.stringify(gates)] as [string, string]]
  })
  return await createGitRemote({ files: { ...Object.fromEntries(files), ...further } })
}

/** A target repository with one commit. */
export async function createTarget(): Promise<GitRemote> {
  return await createGitRemote({ files: { 'README.md': '# A service\n' } })
}

/** A gate that passes where `path` holds `text`. */
export function fileGate(path: string, text: string): { name: string; command: string[] } {
  return { name: 'content', command: ['grep', '--fixed-strings', text, path] }
}
