import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { temporaryDirectory } from '@orchestrator/testing'
import { describe, expect, it } from 'vitest'
import { run } from '../../testing/run.ts'

async function overlay(place: string, files: Readonly<Record<string, string>>): Promise<string> {
  await mkdir(join(place, 'implementation'), { recursive: true })
  for (const [name, text] of Object.entries(files)) await writeFile(join(place, 'implementation', name), text)
  return place
}

describe('templates render', () => {
  it('shows every text of a sample, with its place and template', async () => {
    const { code, out } = await run(['templates', 'render'])
    expect(code).toBe(0)
    expect(out.match(/^==> \S+/gm)).toEqual([
      '==> attempt/prompt.md',
      '==> CLAUDE.md',
      '==> coding-guidelines.md',
      '==> github-guidelines.md',
      '==> .claude/settings.local.json',
      '==> .mcp.json',
      '==> attempt/system-prompt.md',
      '==> attempt/hooks/early-test.sh',
      '==> attempt/hooks/stop-commit.sh',
      '==> attempt/container.sh',
    ])
  })

  it('shows one as the runner completes it, from an overlay and with values of one’s own', async () => {
    await using place = await temporaryDirectory()
    const mine = await overlay(place.path, {
      'memory.md.hbs': 'For {{service_name}}.\n<!-- orchestrator:if language rust -->\nRust.\n<!-- orchestrator:end -->\n',
    })
    const file = join(place.path, 'context.json')
    await writeFile(file, '{"service_name": "auth"}')
    const base = ['templates', 'render', '-d', mine, '-t', 'memory.md', '-c', file]
    expect((await run([...base, '--language', 'rust'])).out).toBe('For auth.\nRust.\n')
    expect((await run([...base, '--language', 'go'])).out).toBe('For auth.\n')
    const [text] = JSON.parse((await run([...base, '-o', 'json'])).out)
    expect(text).toEqual({
      place: 'CLAUDE.md',
      template: join(mine, 'implementation/memory.md.hbs'),
      executable: false,
      text: expect.stringContaining('For auth.'),
    })
  })

  it('writes them to a folder, scripts executable', async () => {
    await using place = await temporaryDirectory()
    const { code } = await run(['templates', 'render', '--sample', 'retry', '--write', place.path])
    expect(code).toBe(0)
    expect((await readdir(place.path)).toSorted()).toContain('CLAUDE.md')
    expect(await readFile(join(place.path, 'attempt/prompt.md'), 'utf8')).toContain('> Use reqwest instead of curl.')
    expect((await stat(join(place.path, 'attempt/container.sh'))).mode & 0o111).toBe(0o111)
  })

  it('finds a directory that holds no templates', async () => {
    const { code, error } = await run(['templates', 'render', '--directory', '/no/such'])
    expect(code).toBe(1)
    expect(error).toContain('there are no templates in /no/such: it needs a folder implementation/')
  })

  it.each([
    [['--template', 'memroy.md.hbs'], /no template "memroy\.md\.hbs": use one of .*memory\.md\.hbs/],
    [['--language', 'cobol'], /no language "cobol": use one of rust/],
    [['--context', '/no/such.json'], /cannot read the context \/no\/such\.json/],
  ])('says what to pass instead: %j', async (args, problem) => {
    const { code, error } = await run(['templates', 'render', ...args])
    expect(code).toBe(2)
    expect(error).toMatch(problem)
  })
})

describe('templates lint', () => {
  it('finds nothing in those that come with Orchestrator', async () => {
    expect(await run(['templates', 'lint'])).toMatchObject({ code: 0, out: 'No template is at fault.\n' })
  })

  it('names file, line and remedy, for people and for programs', async () => {
    await using place = await temporaryDirectory()
    const mine = await overlay(place.path, { 'memory.md.hbs': 'a\n{{typo}}\n', 'notes.txt': 'x' })
    const { code, out } = await run(['templates', 'lint'], { environment: { TEMPLATES_DIR: mine } })
    expect(code).toBe(1)
    expect(out).toMatch(/implementation\/memory\.md\.hbs:2: error: "typo" not defined.*\n {4}use a value of the context/)
    expect(out).toMatch(/implementation\/notes\.txt:1: warning: is never used/)
    const found = JSON.parse((await run(['templates', 'lint', '-d', mine, '-o', 'json'])).out)
    expect(found).toMatchObject([{ severity: 'error', line: 2 }, { severity: 'warning', line: 1 }])
  })

  it('ends well where there are only warnings', async () => {
    await using place = await temporaryDirectory()
    const mine = await overlay(place.path, { 'notes.txt': 'x', 'mcp.json.hbs': '{}' })
    expect((await run(['templates', 'lint', '--directory', mine])).code).toBe(0)
  })
})
