import { chmod, readdir, readFile, rm } from 'node:fs/promises'
import { basename, dirname, join, normalize } from 'node:path'
import { type AttemptFile, HISTORY_FOLDER } from '@orchestrator/shared/contracts'
import { printableLine, TerminalError } from '@orchestrator/shared/core'
import { writeDurably } from '../control/durable-file.ts'
import type { Tenancy } from '../ports.ts'
import { completeText, type Knowledge } from '../tools/complete-text.ts'
import { ensureFolder, ensureFolders, placeLink, statOf } from './folders.ts'
import {
  attemptFolder,
  CLIENT_CONFIG_FILE,
  CURRENT_LINK,
  DOCUMENTS_FOLDER,
  PLATFORM_FOLDER,
  RENDERED_AT_ROOT,
  SHARED_FOLDER,
  TARGET_FOLDER,
  type WorkspaceLayout,
} from './layout.ts'
import type { Recorder } from './recorder.ts'

export interface LayFilesDependencies {
  readonly attempt: AttemptFile
  readonly layout: WorkspaceLayout
  readonly recorder: Recorder
  readonly tenancy: Tenancy
}

export interface FilesToLay {
  readonly sourceDirectory: string
  readonly knowledge: Knowledge
}

type Rendered = AttemptFile['files'][number]

/** Puts the root in order. What it does not know it leaves alone and names. */
export async function layFiles(
  { attempt, layout, recorder, tenancy }: LayFilesDependencies,
  { sourceDirectory, knowledge }: FilesToLay,
): Promise<void> {
  await tenancy.assertCurrent()
  const places = attempt.files.map((file) => ({ file, place: placeOf(file, attempt) }))
  await ensureFolder(layout.shared)
  for (const { file, place } of places) await lay({ root: layout.root, file, place, sourceDirectory, knowledge })
  await removeOlder(layout.root, new Set(places.map(({ place }) => place)))
  const own = attemptFolder(attempt)
  const links = [basename(own), CURRENT_LINK]
  for (const link of links) await placeLink(join(layout.root, link), own)
  await removeOtherLinks(layout.root, links)
  await nameUnknown({ layout, recorder }, new Set(links))
}

/**
 * Relative to the root; the links at the root stand for the attempt's folder.
 * @throws TerminalError INPUT_INVALID for a place outside, or inside a repository or the documents
 */
function placeOf({ destination, file }: Rendered, attempt: AttemptFile): string {
  const refuse = (why: string): TerminalError =>
    new TerminalError('INPUT_INVALID', `rendered file "${file}" cannot go to "${destination}": ${why}`)
  if (file !== basename(file) || file === '..' || file === '.') throw refuse('its source is not a plain file name')
  const path = normalize(destination)
  if (
    destination.includes('\0') ||
    path.startsWith('/') ||
    path.split('/').includes('..') ||
    path === '.' ||
    path.endsWith('/')
  )
    throw refuse('that is not a place inside the workspace')
  const [first = '', ...rest] = path.split('/')
  const own = attemptFolder(attempt)
  if (rest.length > 0 && (first === CURRENT_LINK || first === basename(own))) return [own, ...rest].join('/')
  if (first === HISTORY_FOLDER && !path.startsWith(`${own}/`)) throw refuse("that is another attempt's folder")
  if ([TARGET_FOLDER, PLATFORM_FOLDER, DOCUMENTS_FOLDER].includes(first)) throw refuse('nothing of ours belongs there')
  return path
}

async function lay({
  root,
  file,
  place,
  sourceDirectory,
  knowledge,
}: FilesToLay & { readonly root: string; readonly file: Rendered; readonly place: string }): Promise<void> {
  await ensureFolders(root, dirname(place))
  const path = join(root, place)
  const there = await statOf(path)
  if (there?.isDirectory() === true)
    throw new TerminalError('WORKSPACE_CONFLICT', `${path} must be a file, but is a folder`)
  const text = await readFile(join(sourceDirectory, file.file), 'utf8')
  await writeDurably(path, completeText({ place, text }, knowledge))
  if (file.executable) await chmod(path, 0o755)
}

async function removeOlder(root: string, laid: ReadonlySet<string>): Promise<void> {
  for (const place of RENDERED_AT_ROOT) {
    const isOurs = !laid.has(place) && (await statOf(join(root, dirname(place))))?.isDirectory() === true
    const there = isOurs ? await statOf(join(root, place)) : undefined
    if (there !== undefined && !there.isDirectory()) await rm(join(root, place), { force: true })
  }
}

/** Attempts are counted per task: a link of another task's would lead to the wrong history. */
async function removeOtherLinks(root: string, own: readonly string[]): Promise<void> {
  for (const entry of await readdir(root, { withFileTypes: true })) {
    if (entry.isSymbolicLink() && /^attempt-[0-9]+(-g[0-9]+)?$/.test(entry.name) && !own.includes(entry.name))
      await rm(join(root, entry.name))
  }
}

async function nameUnknown(
  { layout, recorder }: Pick<LayFilesDependencies, 'layout' | 'recorder'>,
  links: ReadonlySet<string>,
): Promise<void> {
  const known = new Set<string>([
    ...RENDERED_AT_ROOT.map((place) => place.split('/')[0] ?? ''),
    ...links,
    CLIENT_CONFIG_FILE,
    PLATFORM_FOLDER,
    TARGET_FOLDER,
    DOCUMENTS_FOLDER,
    HISTORY_FOLDER,
    SHARED_FOLDER,
  ])
  const unknown = (await readdir(layout.root)).filter((name) => !known.has(name))
  if (unknown.length === 0) return
  recorder.note(
    'warning',
    `the workspace holds what is not ours and was left alone: ${printableLine(unknown.slice(0, 20).join(', '))}`,
  )
}
