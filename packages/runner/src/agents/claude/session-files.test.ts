import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { temporaryDirectory } from '@orchestrator/testing'
import { describe, expect, it } from 'vitest'
import { createRedaction } from '../../lines/redaction.ts'
import { keepTranscript } from './session-files.ts'

describe('the transcript of a session', () => {
  it('is kept with secrets taken out, in whichever project it lies', async () => {
    await using place = await temporaryDirectory()
    const keeping = await prepare(place.path, { earlier: undefined, mine: '{"text":"key-0123456789"}\nnot json\n' })
    await keepTranscript(keeping)
    const text = await readFile(join(keeping.attemptDirectory, 'transcript.jsonl'), 'utf8')
    expect(text).not.toContain('key-0123456789')
    expect(
      text
        .trimEnd()
        .split('\n')
        .map((line) => Object.keys(JSON.parse(line))),
    ).toEqual([['text'], ['type', 'text']])
  })

  it('may be none: a session that was never told anything leaves nothing and breaks nothing', async () => {
    await using place = await temporaryDirectory()
    const projects = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`p${index}`, undefined]))
    const keeping = await prepare(place.path, projects)
    await keepTranscript(keeping)
    expect(await readdir(keeping.attemptDirectory)).toEqual([])
  })
})

async function prepare(
  place: string,
  projects: Readonly<Record<string, string | undefined>>,
): Promise<Parameters<typeof keepTranscript>[0]> {
  const [directory, attemptDirectory] = [join(place, 'config'), join(place, 'attempt')]
  await mkdir(attemptDirectory)
  for (const [name, text] of Object.entries(projects)) {
    await mkdir(join(directory, 'projects', name), { recursive: true })
    if (text !== undefined) await writeFile(join(directory, 'projects', name, 'sid.jsonl'), text)
  }
  return { directory, sessionId: 'sid', attemptDirectory, redaction: createRedaction(['key-0123456789']) }
}
