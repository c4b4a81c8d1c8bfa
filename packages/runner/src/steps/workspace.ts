import { readFile, writeFile } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import { TerminalError } from '@orchestrator/shared/core'
import type { TargetState, TaskDocuments } from '../ports.ts'
import { readTraces, tellHistory } from '../prompt/history.ts'
import { fillPrompt } from '../prompt/prompt.ts'
import type { Run } from '../run.ts'
import { completeText, type Knowledge } from '../tools/complete-text.ts'

const PROMPT_FILE = 'prompt.md'

export interface Prepared {
  readonly target: TargetState
  readonly prompt: string
  readonly promptPath: string
}

/** `onTarget` hears of the target as soon as it is there: from then on there may be work to save. */
export async function prepareWorkspace(
  run: Run,
  documents: TaskDocuments,
  onTarget: (target: TargetState) => void,
): Promise<Prepared> {
  return run.steps.run('workspace', async () => {
    const target = await run.workspace.prepareTarget()
    onTarget(target)
    for (const folder of target.savedWork) tellSavedWork(run, folder)
    const knowledge = { tools: documents.tools, languages: target.languages }
    await run.workspace.layFiles({ sourceDirectory: join(run.launchFolder, 'files'), knowledge })
    return { target, ...(await writePrompt(run, documents, knowledge)) }
  })
}

function tellSavedWork({ log }: Run, folder: string): void {
  log.write({ kind: 'note', level: 'info', text: `work that was left uncommitted is saved in ${folder}` })
  log.write({ kind: 'flag', flag: 'WorkSaved', detail: folder })
}

async function writePrompt(
  run: Run,
  { directory, files }: TaskDocuments,
  knowledge: Knowledge,
): Promise<{ prompt: string; promptPath: string }> {
  const { attempt, tenancy } = run
  const text = completeText({ place: PROMPT_FILE, text: await readTemplate(run) }, knowledge)
  const prompt = fillPrompt(text, {
    documents: files.map((file) => (isAbsolute(file) ? file : join(directory, file))),
    history: tellHistory(await readTraces(attempt.earlier, tenancy.attemptDirectory)),
  })
  const promptPath = join(tenancy.attemptDirectory, PROMPT_FILE)
  await writeFile(promptPath, prompt)
  return { prompt, promptPath }
}

async function readTemplate({ launchFolder, attempt }: Run): Promise<string> {
  try {
    return await readFile(join(launchFolder, 'files', attempt.promptFile), 'utf8')
  } catch (cause) {
    throw new TerminalError('CONFIG_INVALID', `the rendered prompt ${attempt.promptFile} is not in the launch folder`, {
      cause,
    })
  }
}
