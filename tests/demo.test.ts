import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { glob, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { Settings } from '@orchestrator/shared/contracts'
import { modelScenario, startScriptedModel, temporaryDirectory } from '@orchestrator/testing'
import { describe, expect, it } from 'vitest'
import { CLAUDE, sayWhenSkipped } from './support/agent-site.ts'

sayWhenSkipped('Claude Code', CLAUDE, 'scripts/claude')

const CLI = join(import.meta.dirname, '../packages/cli/src/main.ts')
const KEY = 'key-of-a-person-0123456789-abcdef'

async function demo(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<{ code: number | null; out: string; error: string }> {
  await using home = await temporaryDirectory()
  const { PATH = '', ORCHESTRATOR_NATS_SERVER = 'nats-server' } = process.env
  const child = spawn(process.execPath, [CLI, 'demo', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH, ORCHESTRATOR_NATS_SERVER, HOME: home.path, ORCHESTRATOR_CLAUDE: CLAUDE ?? '', ...environment },
  })
  const [out, error] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { code: child.exitCode, out, error }
}

const keysLeft = async (): Promise<readonly string[]> =>
  (await readdir(tmpdir())).filter((name) => name.startsWith('orchestrator-demo-key-'))

describe.skipIf(CLAUDE === undefined)('the demonstration with Claude Code', { timeout: 300_000 }, () => {
  it('tells its whole story with a scripted model: refused, answered, proven', async () => {
    const { code, out } = await demo(['--agent', 'claude'])
    expect(out).toContain('real Claude Code. Its MODEL IS SCRIPTED')
    expect(out).toContain('UnverifiedClaim: it ended without a test that was seen passing')
    expect(out).toMatch(/task1-attempt1: Failed, GateFailed/)
    expect(out).toMatch(/task1-attempt2: Succeeded, GatesPassed/)
    expect(out).toMatch(/task2-attempt1: Succeeded, GatesPassed/)
    expect(out).toContain('3 attempts, two branches')
    expect(code).toBe(0)
  })

  it('asks the real service with the credentials of the person who said yes, within a limit, and leaves no key behind', async () => {
    const story = modelScenario('demonstration')
    // A model that does it right at once: nobody knows beforehand, so that is as good a story.
    const right = JSON.parse(JSON.stringify(story.turns).replaceAll('Math.floor', 'Math.round')) as typeof story.turns
    const turns = [...right.slice(0, 1), ...right.slice(6)]
    await using model = await startScriptedModel({ script: { ...story, turns }, apiKey: KEY })
    const before = await keysLeft()
    const { code, out, error } = await demo(['--live', '--model', 'haiku', '--yes', '--keep'], {
      ANTHROPIC_BASE_URL: model.url,
      ANTHROPIC_API_KEY: KEY,
    })
    const folder = /^Kept: (.+)$/m.exec(out)?.[1] ?? ''
    try {
      expect(model.failures).toEqual([])
      expect(error).toContain(`the model "haiku" at ${model.url}, with ANTHROPIC_API_KEY`)
      expect(out).toContain('It passed at once')
      expect(out).toContain('2 attempts, two branches')
      expect(code).toBe(0)
      expect(new Set(model.requests.map((request) => request.model))).toEqual(
        new Set([expect.stringContaining('haiku')]),
      )
      const settings = Settings.parse(JSON.parse(await readFile(join(folder, 'settings.json'), 'utf8')))
      expect(settings.defaults.limits).toMatchObject({ usd: 1 })
      expect(await keysLeft()).toEqual(before)
      for await (const entry of glob('**/*', { cwd: folder, withFileTypes: true })) {
        if (!entry.isFile()) continue
        const path = join(entry.parentPath, entry.name)
        expect((await readFile(path, 'latin1')).includes(KEY), path).toBe(false)
      }
      expect(out + error).not.toContain(KEY)
    } finally {
      if (folder !== '') await rm(folder, { recursive: true, force: true })
    }
  })
})
