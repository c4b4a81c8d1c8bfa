/** What earlier attempts of the task left behind, told to the next one. */
import { open, readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type EarlierAttempt, RESULT_FILE, ResultRecord } from '@orchestrator/shared/contracts'
import { cutToBytes, printable, printableLine } from '@orchestrator/shared/core'
import { readJsonIfThere } from '../control/read-json.ts'

export interface AttemptTraces {
  readonly attempt: EarlierAttempt
  /** Absolute path of its folder; absent when it left none. */
  readonly folder?: string
  readonly brief?: string
  readonly result?: ResultRecord
}

const BRIEF_MAX_BYTES = 12 * 1024
const COMMITS_MAX = 20

/** `attemptDirectory` is this attempt's own folder: the others lie beside it. */
export async function readTraces(
  earlier: readonly EarlierAttempt[],
  attemptDirectory: string,
): Promise<readonly AttemptTraces[]> {
  const taskDirectory = dirname(attemptDirectory)
  const folders = await readdir(taskDirectory).catch(() => [])
  return Promise.all(
    earlier.map(async (attempt) =>
      tracesOf(
        attempt,
        folders.filter((name) => isFolderOf(attempt, name)).map((name) => join(taskDirectory, name)),
      ),
    ),
  )
}

/** After a restore of the ledger a number may have been used twice; the folder's name then carries the generation. */
function isFolderOf({ n }: EarlierAttempt, folder: string): boolean {
  return folder === `attempt-${n}` || new RegExp(`^attempt-${n}-g[0-9]+$`).test(folder)
}

async function tracesOf(attempt: EarlierAttempt, folders: readonly string[]): Promise<AttemptTraces> {
  for (const folder of folders) {
    const result = await readJsonIfThere(join(folder, RESULT_FILE), ResultRecord)
    if (result?.name === attempt.name) return { attempt, folder, result, ...(await readBrief(folder)) }
  }
  const folder = folders.at(-1)
  return folder === undefined ? { attempt } : { attempt, folder, ...(await readBrief(folder)) }
}

async function readBrief(folder: string): Promise<{ brief?: string }> {
  try {
    await using file = await open(join(folder, 'brief.md'), 'r')
    const { buffer, bytesRead } = await file.read(Buffer.alloc(BRIEF_MAX_BYTES + 1), 0, BRIEF_MAX_BYTES + 1, 0)
    return { brief: cutToBytes(buffer.subarray(0, bytesRead).toString('utf8'), BRIEF_MAX_BYTES) }
  } catch {
    return {}
  }
}

/** Empty when there was no earlier attempt. */
export function tellHistory(traces: readonly AttemptTraces[]): string {
  if (traces.length === 0) return ''
  return ['## What earlier attempts did', ...traces.map(tellAttempt)].join('\n\n')
}

function tellAttempt({ attempt, folder, brief, result }: AttemptTraces): string {
  const end = [attempt.phase ?? 'not finished', attempt.reason].filter((text) => text !== null).join(', ')
  const lines = [
    `### Attempt ${attempt.n}: ${printableLine(end)}`,
    ...(attempt.message === null ? [] : [printableLine(attempt.message)]),
    folder === undefined ? 'It left no folder.' : `Its folder, for reading: ${folder}`,
    ...(result === undefined ? [] : [tellChanges(result)]),
    ...(brief === undefined ? [] : [`Its brief:\n\n${quote(brief)}`]),
  ]
  return lines.join('\n\n')
}

function tellChanges({ commits, diffStat, pushedSha }: ResultRecord): string {
  const stat = `Its branch against the base: ${diffStat.files} files, +${diffStat.insertions} -${diffStat.deletions}, pushed at ${pushedSha ?? 'nothing'}.`
  const shown = commits
    .slice(0, COMMITS_MAX)
    .map(({ sha, subject }) => `- ${sha.slice(0, 10)} ${printableLine(subject)}`)
  return [stat, ...shown].join('\n')
}

/** As a quotation, so that its headings do not become the prompt's. */
function quote(text: string): string {
  return printable(text)
    .trimEnd()
    .split('\n')
    .map((line) => `> ${line}`.trimEnd())
    .join('\n')
}
