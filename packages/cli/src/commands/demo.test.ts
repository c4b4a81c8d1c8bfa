import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { temporaryDirectory } from '@orchestrator/testing'
import { describe, expect, it } from 'vitest'
import { run } from '../testing/run.ts'

/** Any program will do: it is never started. */
const INSTALLED = { ORCHESTRATOR_CLAUDE: '/bin/true' }
const KEY = 'key-that-is-said-nowhere-0123456789'
const LIVE = { ...INSTALLED, ANTHROPIC_API_KEY: KEY, ANTHROPIC_BASE_URL: 'https://gateway.example.com' }

describe('demo', () => {
  it.each([['--agent', 'claude'], ['--live']])('%s without Claude Code says how to install it', async (...args) => {
    const environment = { ORCHESTRATOR_CLAUDE: '/nonexistent/claude', ORCHESTRATOR_COMMAND: './orchestrator' }
    const ran = await run(['demo', ...args], { environment })
    expect(ran.code).toBe(1)
    expect(ran.error).toContain('./orchestrator agents install claude')
  })

  it('--live names model, place, credentials, likely cost and limit, and does nothing without a yes', async () => {
    const ran = await run(['demo', '--live', '--model', 'haiku'], { environment: LIVE })
    expect(ran.code).toBe(2)
    expect(ran.error).toContain('the model "haiku" at https://gateway.example.com, with ANTHROPIC_API_KEY')
    expect(ran.error).toMatch(/Likely cost: \d.* USD/)
    expect(ran.error).toMatch(/at most 3 attempts is ended at 1 USD.*about 3 USD at most/)
    expect(ran.error).toContain('a demonstration that costs money has to be confirmed: add --yes')
    expect(ran.error + ran.out).not.toContain(KEY)
    expect(ran.out).toBe('')
  })

  it.each(['n', '', 'yes please'])('--live takes %j for a no', async (answer) => {
    const ran = await run(['demo', '--live'], { environment: LIVE, terminal: true, stdin: `${answer}\n` })
    expect(ran.code).toBe(2)
    expect(ran.error).toContain('nothing was started, nothing spent')
  })

  it('--live without credentials says what it looked for; a login counts as some', async () => {
    await using home = await temporaryDirectory()
    const environment = { ...INSTALLED, HOME: home.path }
    const ran = await run(['demo', '--live', '--yes'], { environment })
    expect(ran.code).toBe(2)
    expect(ran.error).toMatch(/set one of ANTHROPIC_AUTH_TOKEN, ANTHROPIC_API_KEY.*or log in with "claude"/)

    await mkdir(join(home.path, '.claude'))
    await writeFile(join(home.path, '.claude/.credentials.json'), '{}')
    const asked = await run(['demo', '--live'], { environment })
    expect(asked.error).toContain(`with the login in ${home.path}/.claude/.credentials.json`)
  })

  it('--live is not with a script', async () => {
    const ran = await run(['demo', '--live', '--agent', 'script'], { environment: LIVE })
    expect(ran.code).toBe(2)
    expect(ran.error).toContain('leave "--agent script" out')
  })
})
