import { cp, mkdir, readdir, readFile, realpath, rm, stat } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'
import { type AttemptFile, Gates, ToolChoice } from '@orchestrator/shared/contracts'
import { TerminalError } from '@orchestrator/shared/core'
import { writeDurably } from '../control/durable-file.ts'
import type { TaskDocuments } from '../ports.ts'
import { planTools, type ToolPlan } from '../tools/tool-plan.ts'
import { readCriteria } from './criteria.ts'
import {
  clientConfigPaths,
  documentFolders,
  GATES_DOCUMENT,
  REQUIRED_DOCUMENTS,
  SHARED_DOCUMENT,
} from './document-paths.ts'
import { hasSystemCode, statOf } from './folders.ts'
import { parseDocument } from './json-document.ts'
import { CLIENT_CONFIG_FILE, type WorkspaceLayout } from './layout.ts'
import type { Recorder } from './recorder.ts'

export interface DocumentsDependencies {
  readonly attempt: AttemptFile
  readonly layout: WorkspaceLayout
  readonly recorder: Recorder
}

const MAX_FILES = 500
const MAX_BYTES = 64 * 1024 * 1024

/** Empties `task-docs/` and fills it from the platform repository, which must be up to date. */
export async function refillDocuments({
  attempt,
  layout,
  recorder,
}: DocumentsDependencies): Promise<Omit<TaskDocuments, 'tools'>> {
  const source = await chooseFolder(attempt, layout.platform)
  await emptyFolder(layout.documents)
  const missing: string[] = []
  for (const file of await filesBelow(layout.platform, source))
    await copyDocument({ root: layout.platform, source: join(source, file), to: join(layout.documents, file) })
  if (!(await placeSharedDocument(layout, source))) {
    missing.push(SHARED_DOCUMENT)
    recorder.note(
      'warning',
      `there is no ${SHARED_DOCUMENT} for this task, neither in ${relative(layout.platform, source)} nor one level up`,
    )
  }
  return {
    directory: layout.documents,
    files: (await readdir(layout.documents, { recursive: true })).toSorted(),
    missing,
    criteria: readCriteria(await readFile(join(layout.documents, 'acceptance-criteria.md'), 'utf8')),
    gates: await readGates(layout, relative(layout.platform, source)),
  }
}

/** The first folder with a task; every required document must be there and say something. */
async function chooseFolder({ spec }: AttemptFile, root: string): Promise<string> {
  const folders = documentFolders(spec)
  for (const folder of folders) {
    if ((await textOf(root, join(root, folder, 'task.md'))) === undefined) continue
    const lacking = await lackingDocuments(root, folder)
    if (lacking.length > 0) throw docsMissing(spec, lacking)
    return join(root, folder)
  }
  throw docsMissing(
    spec,
    folders.map((folder) => `${folder}/task.md is not there`),
  )
}

async function lackingDocuments(root: string, folder: string): Promise<readonly string[]> {
  const lacking: string[] = []
  for (const name of REQUIRED_DOCUMENTS) {
    const text = await textOf(root, join(root, folder, name))
    if (text === undefined) lacking.push(`${folder}/${name} is not there`)
    else if (text.trim() === '') lacking.push(`${folder}/${name} is empty`)
  }
  return lacking
}

function docsMissing({ platform, tag, taskId }: AttemptFile['spec'], tried: readonly string[]): TerminalError {
  return new TerminalError(
    'DOCS_MISSING',
    `documents of task ${taskId} (${tag}) are missing in ${platform.url}, branch ${platform.branch}: ${tried.join('; ')}`,
    {
      details: { repository: platform.url, branch: platform.branch, tried },
    },
  )
}

async function emptyFolder(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true })
  await mkdir(path)
}

/** Files of the task's folder, those of its subfolders too, relative to it. */
async function filesBelow(root: string, folder: string): Promise<readonly string[]> {
  const files: string[] = []
  let bytes = 0
  const waiting = ['']
  for (let below = waiting.pop(); below !== undefined; below = waiting.pop()) {
    for (const entry of await readdir(join(folder, below), { withFileTypes: true })) {
      const path = join(below, entry.name)
      if (entry.isDirectory()) waiting.push(path)
      else {
        const real = await insideOf(root, join(folder, path))
        const facts = await stat(real)
        if (!facts.isFile())
          throw invalid(`${relative(root, join(folder, path))} leads to something that is not a file`)
        bytes += facts.size
        files.push(path)
      }
    }
    if (files.length > MAX_FILES || bytes > MAX_BYTES) {
      throw invalid(`${relative(root, folder)} holds more than ${MAX_FILES} files or ${MAX_BYTES} bytes of documents`)
    }
  }
  return files.toSorted()
}

async function copyDocument({
  root,
  source,
  to,
}: {
  readonly root: string
  readonly source: string
  readonly to: string
}): Promise<void> {
  await mkdir(dirname(to), { recursive: true })
  await cp(await insideOf(root, source), to, { dereference: true })
}

async function placeSharedDocument(layout: WorkspaceLayout, source: string): Promise<boolean> {
  if ((await statOf(join(layout.documents, SHARED_DOCUMENT))) !== undefined) return true
  const above = join(dirname(source), SHARED_DOCUMENT)
  if ((await statOf(above)) === undefined) return false
  await copyDocument({ root: layout.platform, source: above, to: join(layout.documents, SHARED_DOCUMENT) })
  return true
}

async function readGates(layout: WorkspaceLayout, folder: string): Promise<TaskDocuments['gates']> {
  const path = join(layout.documents, GATES_DOCUMENT)
  if ((await statOf(path)) === undefined) return undefined
  return parseDocument(await readFile(path, 'utf8'), `${folder}/${GATES_DOCUMENT}`, Gates)
}

/** The task's choice of tools, else its service's, goes to the workspace root; an older task's goes away. */
export async function chooseTools({ attempt, layout, recorder }: DocumentsDependencies): Promise<ToolPlan> {
  const own = await ownChoice(attempt, layout.platform)
  const { choice, source } = own ?? fallbackChoice(attempt)
  const plan = planTools({ choice, source, attempt })
  await placeClientConfig(layout.clientConfig, plan)
  const names = plan.tools.length === 0 ? 'none' : plan.tools.map(({ name }) => name).join(', ')
  const how =
    own === undefined
      ? `no ${CLIENT_CONFIG_FILE} for this task: the default tools of the service are used`
      : `the tools of ${source}`
  recorder.note('info', `${how}: ${names}`)
  return plan
}

interface Choice {
  readonly choice: ToolChoice
  /** Where it stands. */
  readonly source: string
}

async function ownChoice({ spec }: AttemptFile, root: string): Promise<Choice | undefined> {
  for (const source of clientConfigPaths(spec)) {
    const text = await textOf(root, join(root, source))
    if (text !== undefined) return { choice: parseDocument(text, source, ToolChoice), source }
  }
  return undefined
}

function fallbackChoice({ spec, tools }: AttemptFile): Choice {
  return {
    choice: tools?.fallback ?? { remoteTools: [], localServers: {} },
    source: `"tools" of the service ${spec.service} in the settings`,
  }
}

async function placeClientConfig(path: string, { clientConfig }: ToolPlan): Promise<void> {
  const there = await statOf(path)
  if (there !== undefined && (clientConfig === undefined || !there.isFile()))
    await rm(path, { recursive: true, force: true })
  if (clientConfig !== undefined) await writeDurably(path, `${JSON.stringify(clientConfig, null, 2)}\n`)
}

/** Content of a file of the platform repository, `undefined` when there is none. */
async function textOf(root: string, path: string): Promise<string | undefined> {
  if ((await statOf(path)) === undefined) return undefined
  const real = await insideOf(root, path)
  if (!(await stat(real)).isFile()) throw invalid(`${relative(root, path)} is not a file`)
  return await readFile(real, 'utf8')
}

/** Where a document really lies: a link may lead to another document, not out of the repository or into its `.git`. */
async function insideOf(root: string, path: string): Promise<string> {
  const top = await realpath(root)
  const real = await realpath(path).catch((error: unknown) => {
    if (hasSystemCode(error, 'ENOENT', 'ELOOP', 'ENOTDIR'))
      throw invalid(`${relative(root, path)} is a link that leads nowhere`)
    throw error
  })
  const inside = relative(top, real)
  if (inside === '..' || inside.startsWith(`..${sep}`) || inside === '.git' || inside.startsWith(`.git${sep}`)) {
    throw invalid(`${relative(root, path)} is a link that leads out of the platform repository`)
  }
  return real
}

function invalid(message: string): TerminalError {
  return new TerminalError('INPUT_INVALID', message)
}
