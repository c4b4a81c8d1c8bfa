/** What an agent program keeps of its session lies in the attempt's own folder, so that a later attempt may go on from it. */
import { access, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type AgentOrder, RESULT_FILE, ResultRecord } from '@orchestrator/shared/contracts'
import { readJsonIfThere } from '../control/read-json.ts'
import type { Redaction } from '../lines/redaction.ts'
import type { AgentRun } from '../ports.ts'
import { readTraces } from '../prompt/history.ts'

const TRANSCRIPT = 'transcript.jsonl'

export interface EarlierSession {
  readonly sessionId: string
  readonly transcript: string
}

/** The same program's session of the attempt before this one, where it may go on: never when its prompt was replaced. */
export async function findEarlierSession(
  { attempt, attemptDirectory }: AgentRun,
  adapter: AgentOrder['adapter'],
): Promise<EarlierSession | undefined> {
  if (attempt.spec.prompt.mode === 'replace') return undefined
  const [trace] = await readTraces(attempt.earlier.slice(-1), attemptDirectory)
  if (trace?.folder === undefined) return undefined
  const result = await readJsonIfThere(join(trace.folder, RESULT_FILE), ResultRecord)
  const transcript = join(trace.folder, TRANSCRIPT)
  const sessionId = result?.agent?.adapter === adapter ? result.agent.sessionId : undefined
  const isThere = await access(transcript).then(
    () => true,
    () => false,
  )
  return sessionId !== undefined && isThere ? { sessionId, transcript } : undefined
}

/** Copies lines of JSON to the attempt's folder, secrets taken out; false when the file cannot be read. */
export async function keepTranscript(
  file: string,
  { attemptDirectory, redaction }: { readonly attemptDirectory: string; readonly redaction: Redaction },
): Promise<boolean> {
  const place = join(attemptDirectory, TRANSCRIPT)
  try {
    await using from = await open(file)
    await using to = await open(place, 'w', 0o600)
    for await (const line of from.readLines()) await to.write(`${redactLine(line, redaction)}\n`)
    return true
  } catch {
    await rm(place, { force: true })
    return false
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
