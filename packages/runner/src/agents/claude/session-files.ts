/** Where Claude Code keeps its session: a folder for one attempt alone, so that nothing an agent leaves there outlives it. */
import { copyFile, mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Redaction } from '../../lines/redaction.ts'
import { type EarlierSession, keepTranscript as keep } from '../transcripts.ts'

/** Makes the folder anew, with the transcript to go on from. */
export async function makeConfigDirectory(directory: string, earlier: EarlierSession | undefined): Promise<void> {
  await rm(directory, { recursive: true, force: true })
  // A session is found under any name of a project.
  const project = join(directory, 'projects', 'earlier')
  await mkdir(project, { recursive: true, mode: 0o700 })
  await mkdir(join(directory, 'hook-state'), { mode: 0o700 })
  if (earlier !== undefined) await copyFile(earlier.transcript, join(project, `${earlier.sessionId}.jsonl`))
}

export interface TranscriptKeeping {
  readonly directory: string
  readonly sessionId: string
  readonly attemptDirectory: string
  readonly redaction: Redaction
}

/** The transcript goes to the history, secrets taken out. */
export async function keepTranscript({ directory, sessionId, ...keeping }: TranscriptKeeping): Promise<void> {
  const projects = join(directory, 'projects')
  for (const project of await readdir(projects).catch(() => []))
    if (await keep(join(projects, project, `${sessionId}.jsonl`), keeping)) return
}
