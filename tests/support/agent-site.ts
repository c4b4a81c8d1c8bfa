/** A real agent program under a scripted model, in an installation of its own. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { AgentSettings, AttemptView, RunnerLine } from '@orchestrator/shared/contracts'
import {
  agentProgram,
  type GitRemote,
  modelScenario,
  type ScriptedModel,
  startScriptedModel,
  temporaryDirectory,
} from '@orchestrator/testing'
import { type Installation, type SettingsInput, startInstallation } from './installation.ts'
import { createPlatform } from './repositories.ts'

export const API_KEY = 'key-of-the-scripted-model-0123456789'
const TASKS = 24

/** Paths, where they are installed. */
export const CLAUDE = agentProgram('claude')
export const CODEX = agentProgram('codex')

/** For a test file that is skipped without it. */
export function sayWhenSkipped(title: string, program: string | undefined, script: string): void {
  if (program === undefined)
    process.stderr.write(`Skipped: tests with ${title}, which is not installed. "${script}" installs it.\n`)
}

export interface Ran {
  readonly name: string
  readonly view: AttemptView
  readonly lines: readonly RunnerLine[]
}

export interface AgentSite extends AsyncDisposable {
  readonly installation: Installation
  readonly model: ScriptedModel
  readonly target: GitRemote
  /** Submits the next task, with this scenario for the model. */
  submit(scenario: string, body?: Readonly<Record<string, unknown>>): Promise<string>
  ended(name: string): Promise<Ran>
  run(scenario: string, body?: Readonly<Record<string, unknown>>): Promise<Ran>
}

export interface AgentSiteOptions {
  /** Further documents of the platform repository. */
  readonly documents?: Readonly<Record<string, string>>
  readonly settings?: Partial<SettingsInput>
}

export async function startAgentSite(
  adapter: 'claude' | 'codex',
  target: GitRemote,
  { documents = {}, settings = {} }: AgentSiteOptions = {},
): Promise<AgentSite> {
  await using stack = new AsyncDisposableStack()
  const directory = stack.use(await temporaryDirectory())
  const keyFile = join(directory.path, 'api-key')
  await writeFile(keyFile, `${API_KEY}\n`, { mode: 0o600 })
  const model = stack.use(await startScriptedModel({ script: { turns: [] }, apiKey: API_KEY }))
  const ids = Array.from({ length: TASKS }, (_, index) => ({ id: String(index + 1) }))
  const platform = stack.use(await createPlatform(ids, documents))
  stack.use(target)
  const wrongKey = join(directory.path, 'wrong-key')
  await writeFile(wrongKey, 'not-the-key-at-all-0123456789')
  const settingsWith = (file: string): AgentSettings => settingsOf(adapter, model.url, file)
  const installation = stack.use(
    await startInstallation({
      ...settings,
      defaults: { platformRepositoryUrl: platform.url, agent: `${adapter}-agent-1` },
      services: { trader: { repositoryUrl: target.url, workingDirectory: '.' } },
      agents: { [`${adapter}-agent-1`]: settingsWith(keyFile), 'wrong-key': settingsWith(wrongKey) },
    }),
  )
  let taskId = 0
  const submit: AgentSite['submit'] = async (scenario, body = {}) => {
    model.play(modelScenario(scenario))
    taskId += 1
    return (await installation.api.submit({ service: 'trader', taskId: String(taskId), ...body })).attempt
  }
  const ended: AgentSite['ended'] = async (name) => {
    const view = await installation.api.finished(name)
    return { name, view, lines: await installation.api.lines(name) }
  }
  const owned = stack.move()
  return {
    installation,
    model,
    target,
    submit,
    ended,
    run: async (scenario, body) => ended(await submit(scenario, body)),
    [Symbol.asyncDispose]: async () => owned.disposeAsync(),
  }
}

function settingsOf(adapter: 'claude' | 'codex', url: string, keyFile: string): AgentSettings {
  return adapter === 'claude'
    ? {
        adapter,
        program: CLAUDE ?? adapter,
        credentials: { ANTHROPIC_API_KEY: keyFile },
        environment: { ANTHROPIC_BASE_URL: url, CLAUDE_CODE_MAX_RETRIES: '2' },
      }
    : {
        adapter,
        program: CODEX ?? adapter,
        model: 'gpt-of-the-script',
        credentials: { OPENAI_API_KEY: keyFile },
        environment: { OPENAI_BASE_URL: `${url}/v1` },
      }
}
