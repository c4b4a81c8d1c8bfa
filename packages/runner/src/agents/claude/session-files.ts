/** Where Claude Code keeps its session: a folder for one attempt alone, so that nothing an agent leaves there outlives it. */
import { access, copyFile, mkdir, open, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { RESULT_FILE, ResultRecord } from '@orchestrator/shared/contracts'
import { readJsonIfThere } from '../../control/read-json.ts'
import type { Redaction } from '../../lines/redaction.ts'
import type { AgentRun } from '../../ports.ts'
import { readTraces } from '../../prompt/history.ts'

const TRANSCRIPT = 'transcript.jsonl'

export interface EarlierSession {
  readonly sessionId: string
  readonly transcript: string
}

/** The session of the attempt before this one, where it may go on: never when its prompt was replaced. */
export async function findEarlierSession({ attempt, attemptDirectory }: AgentRun): Promise<EarlierSession | undefined> {
  if (attempt.spec.prompt.mode === 'replace') return undefined
  const [trace] = await readTraces(attempt.earlier.slice(-1), attemptDirectory)
  if (trace?.folder === undefined) return undefined
  const result = await readJsonIfThere(join(trace.folder, RESULT_FILE), ResultRecord)
  const transcript = join(trace.folder, TRANSCRIPT)
  const sessionId = result?.agent?.adapter === 'claude' ? result.agent.sessionId : undefined
  const isThere = await access(transcript).then(
    () => true,
    () => false,
  )
  return sessionId !== undefined && isThere ? { sessionId, transcript } : undefined
}

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
export async function keepTranscript({
  directory,
  sessionId,
  attemptDirectory,
  redaction,
}: TranscriptKeeping): Promise<void> {
  const projects = join(directory, 'projects')
  for (const project of await readdir(projects).catch(() => [])) {
    try {
      await using from = await open(join(projects, project, `${sessionId}.jsonl`))
      await using to = await open(join(attemptDirectory, TRANSCRIPT), 'w', 0o600)
      for await (const line of from.readLines()) await to.write(`${redactLine(line, redaction)}\n`)
      return
    } catch {
      // Not in this project.
      await rm(join(attemptDirectory, TRANSCRIPT), { force: true })
    }
  }
}

function redactLine(line: string, redaction: Redaction): string {
  try {
    return JSON.stringify(redactValue(JSON.parse(line), redaction))
  } catch {
    return JSON.stringify({ type: 'unreadable', text: redaction.text(line) })
  }
}

/** All texts of a value: the fields are an agent's, so none is known to be harmless. */
function redactValue(value: unknown, redaction: Redaction): unknown {
  if (typeof value === 'string') return redaction.text(value)
  if (Array.isArray(value)) return value.map((item) => redactValue(item, redaction))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [redaction.text(key), redactValue(item, redaction)]),
  )
}
