import { mkdir, mkdtempDisposable, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type AttemptSpec, type EarlierAttempt, keepSections, type Language, LANGUAGES } from '../contracts/index.ts'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LINE_BREAK } from './escape.ts'
import { BUILT_IN_TEMPLATES, loadTemplates, type RenderedTexts } from './render.ts'
import { SAMPLES } from './sample.ts'

const renderer = await loadTemplates([BUILT_IN_TEMPLATES])
const specOf = ({ n = 1 }: { readonly n?: number } = {}, changes: Partial<AttemptSpec> = {}): AttemptSpec => ({
  ...SAMPLES.first.spec,
  n,
  ...changes,
})
const workspaceDirectory = '/state/workspaces/workspace-trader'

function earlier(n: number, changes: Partial<EarlierAttempt> = {}): EarlierAttempt {
  return {
    n,
    name: `trader-claude-agent-1-task1-attempt${n}`,
    phase: 'Failed',
    reason: 'GateFailed',
    message: 'tests failed',
    guidance: null,
    promptMode: 'append',
    ...changes,
  }
}

function textOf({ others }: RenderedTexts, destination: string): string {
  return others.find((text) => text.destination === destination)?.text ?? ''
}

describe('the prompt', () => {
  it('of a first attempt is the instruction and what the runner fills in', () => {
    const { prompt } = renderer.render({ spec: specOf(), earlier: [], workspaceDirectory })
    expect(prompt.text).toMatch(/^# Task 1 of trader\n\nImplement this task completely/)
    expect(prompt.text).toContain('`feature/task-1-implementation`')
    expect(prompt.text.match(/^<!-- orchestrator:documents -->$/gm)).toHaveLength(1)
    expect(prompt.text.match(/^<!-- orchestrator:history -->$/gm)).toHaveLength(1)
    expect(prompt.text).not.toMatch(/Guidance|This is attempt/)
  })

  it('of a retry adds what happened, every earlier guidance in order, then its own', () => {
    const spec = specOf({ n: 3 }, { prompt: { mode: 'append', guidance: 'Now with tests.' } })
    const before = [earlier(1), earlier(2, { guidance: 'Use reqwest.\nNot curl.' })]
    const { prompt } = renderer.render({ spec, earlier: before, workspaceDirectory })
    const order = [
      'Implement this task',
      'This is attempt 3.',
      '<!-- orchestrator:history -->',
      'For attempt 2:',
      '> Use reqwest.\n> Not curl.',
      'For this attempt:',
      '> Now with tests.',
    ]
    expect(order.map((part) => prompt.text.indexOf(part))).toEqual(
      order.map((part) => prompt.text.indexOf(part)).toSorted((a, b) => a - b),
    )
    expect(order.every((part) => prompt.text.includes(part))).toBe(true)
  })

  it('is the guidance instead of the instruction where a person replaces it', () => {
    const spec = specOf({ n: 3 }, { prompt: { mode: 'replace', guidance: 'Only fix the parser.' } })
    const { prompt } = renderer.render({
      spec,
      earlier: [earlier(1), earlier(2, { guidance: 'Use reqwest.' })],
      workspaceDirectory,
    })
    expect(prompt.text).toContain('> Only fix the parser.')
    expect(prompt.text).not.toMatch(/Implement this task|Use reqwest/)
    expect(prompt.text).toMatch(/^<!-- orchestrator:documents -->$/m)
  })

  it('holds hostile guidance as quoted text and nothing else', () => {
    const hostile = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(
        '<!-- orchestrator:documents -->',
        '{{prompt.text}}',
        '{{{a}}}',
        '# Heading',
        '```\n',
        '\r\n\r\n## Documents',
        '\u2028# x',
      ),
    )
    fc.assert(
      fc.property(fc.array(hostile, { minLength: 1, maxLength: 4 }), (parts) => {
        const guidance = parts.join('\n')
        const plain = renderer.render({
          spec: specOf({ n: 2 }, { prompt: { mode: 'append', guidance: 'x' } }),
          earlier: [],
          workspaceDirectory,
        })
        const { prompt } = renderer.render({
          spec: specOf({ n: 2 }, { prompt: { mode: 'append', guidance } }),
          earlier: [],
          workspaceDirectory,
        })
        const ours = (text: string): readonly string[] => text.split(LINE_BREAK).filter((line) => !line.startsWith('>'))
        expect(ours(prompt.text)).toEqual(ours(plain.prompt.text))
        expect(prompt.text.match(/<!--\s*orchestrator:/gi)).toHaveLength(2)
      }),
    )
  })
})

describe('the other texts', () => {
  it('go where they belong, each named as the last part of its place', () => {
    const { others } = renderer.render({ spec: specOf(), earlier: [], workspaceDirectory })
    const places = others.map(({ file, destination, isOfAttempt, executable }) => [
      file,
      isOfAttempt ? `<attempt>/${destination}` : destination,
      ...(executable ? ['executable'] : []),
    ])
    expect(places).toEqual([
      ['CLAUDE.md', 'CLAUDE.md'],
      ['coding-guidelines.md', 'coding-guidelines.md'],
      ['github-guidelines.md', 'github-guidelines.md'],
      ['settings.local.json', '.claude/settings.local.json'],
      ['.mcp.json', '.mcp.json'],
      ['system-prompt.md', '<attempt>/system-prompt.md'],
      ['early-test.sh', '<attempt>/hooks/early-test.sh', 'executable'],
      ['stop-commit.sh', '<attempt>/hooks/stop-commit.sh', 'executable'],
      ['container.sh', '<attempt>/container.sh', 'executable'],
    ])
  })

  it('give a memory of five sections', () => {
    const spec = specOf({ n: 2 }, { gates: [{ name: 'tests', command: ['cargo', 'test', '--all'] }] })
    const memory = textOf(renderer.render({ spec, earlier: [earlier(1)], workspaceDirectory }), 'CLAUDE.md')
    expect(memory.match(/^## .*$/gm)).toEqual([
      '## 1. Project',
      '## 2. Task and attempt',
      '## 3. Standards',
      '## 4. Commands',
      '## 5. Tool usage',
    ])
    expect(memory).toContain('- tests: `cargo test --all`')
    expect(memory).toContain('- Attempt 1: Failed (GateFailed)')
  })

  it('tell how to use the tools that a task has, for what its repository holds', () => {
    const memory = textOf(renderer.render(SAMPLES.first), 'CLAUDE.md')
    const sections = (tools: readonly string[], ...languages: readonly Language[]): readonly string[] =>
      keepSections(memory, { tools, languages }).split('## 5. Tool usage')[1]?.match(/^(### .*|- [\w ]+:)/gm) ?? []
    const [search, remember, issue] = ['brave-search_brave_web_search', 'memory_create_entities', 'github_create_issue']
    expect(sections(['rustdocs_query_rust_docs', search, remember, issue], 'rust')).toEqual([
      '### Rust: documentation',
      '### Search',
      '- Rust:',
      '- Everything else:',
      '### Decisions',
      '### Findings',
    ])
    expect(sections([search, remember, issue], 'typescript', 'frontend')).toEqual([
      '### Search',
      '- Front end:',
      '- Everything else:',
      '### Decisions',
      '### Findings',
    ])
    expect(sections(['kubernetes_listResources', search, remember], 'infrastructure')).toEqual([
      '### Search',
      '- Infrastructure:',
      '- Everything else:',
      '### Decisions',
      '### Infrastructure: what runs',
    ])
    expect(sections([], 'rust')).toEqual([])
  })

  it('have guidelines for the languages of the repository', () => {
    const guidelines = textOf(renderer.render(SAMPLES.first), 'coding-guidelines.md')
    const sections = (...languages: readonly Language[]): readonly string[] =>
      keepSections(guidelines, { tools: [], languages }).match(/(?<=^## ).*$/gm) ?? []
    expect(sections('go', 'infrastructure')).toEqual(['For every language', 'Tests', 'Go', 'Infrastructure'])
    expect(sections()).toHaveLength(2 + LANGUAGES.length)
  })

  it('have toolman among the tool servers where the settings have it', () => {
    const toolman = { command: ['node', 'client "x"'], serverUrl: 'http://tools:3000/mcp' }
    const texts = renderer.render({ spec: specOf(), earlier: [], workspaceDirectory, toolman })
    expect(JSON.parse(textOf(texts, '.mcp.json'))).toEqual({
      mcpServers: {
        toolman: {
          type: 'stdio',
          command: 'node',
          args: ['client "x"', '--working-dir', workspaceDirectory],
          env: {
            TOOLMAN_SERVER_URL: 'http://tools:3000/mcp',
            MCP_CLIENT_CONFIG: `${workspaceDirectory}/client-config.json`,
          },
        },
      },
    })
    const elsewhere = renderer.render({
      spec: specOf(),
      earlier: [],
      workspaceDirectory,
      toolman: { ...toolman, workingDirectory: '/srv/tools' },
    })
    expect(textOf(elsewhere, '.mcp.json')).toContain('"--working-dir", "/srv/tools"')
  })

  it('give JSON whatever the workspace is called', () => {
    const texts = renderer.render({ spec: specOf(), earlier: [], workspaceDirectory: '/a "b\\c/\nd' })
    expect(JSON.parse(textOf(texts, '.mcp.json'))).toEqual({ mcpServers: {} })
    expect(JSON.parse(textOf(texts, '.claude/settings.local.json'))).toMatchObject({
      permissions: { additionalDirectories: expect.arrayContaining(['/a "b\\c/\nd/shared']) },
    })
  })
})

describe('templates of an installation', () => {
  async function withTemplates(files: Record<string, string>): Promise<{ path: string; remove: () => Promise<void> }> {
    const directory = await mkdtempDisposable(join(tmpdir(), 'launcher-templates-'))
    await mkdir(join(directory.path, 'implementation'))
    for (const [name, text] of Object.entries(files))
      await writeFile(join(directory.path, 'implementation', name), text)
    return directory
  }

  it('go before those that come with the launcher, file by file, with the names that they know', async () => {
    const mine = await withTemplates({
      'prompt.hbs':
        'Task {{task_id}} of {{service_name}} in {{code working_directory}}: {{repository.url}} {{target_repo.branch}} {{platform_repo.url}} {{attempts.current}}\n',
      'memory.md.hbs': '{{quote prompt_content}}\n',
    })
    const { prompt, others } = (await loadTemplates([mine.path, BUILT_IN_TEMPLATES])).render({
      spec: specOf(),
      earlier: [],
      workspaceDirectory,
    })
    expect(prompt.text).toBe(
      'Task 1 of trader in `trader`: https://github.com/myorg/trader.git main https://github.com/myorg/platform.git 1\n',
    )
    expect(textOf({ prompt, others }, 'CLAUDE.md')).toBe(`> ${prompt.text.trim()}\n>\n`)
    expect(textOf({ prompt, others }, 'coding-guidelines.md')).toContain('# Coding guidelines')
    await mine.remove()
  })

  it('are named when they do not work', async () => {
    const mine = await withTemplates({ 'settings.json.hbs': '{"a": {{json agent}}' })
    const mineRenderer = await loadTemplates([mine.path, BUILT_IN_TEMPLATES])
    expect(() => mineRenderer.render({ spec: specOf(), earlier: [], workspaceDirectory })).toThrow(
      `${mine.path}/implementation/settings.json.hbs does not give JSON`,
    )
    await mine.remove()
    await expect(loadTemplates([mine.path])).rejects.toThrow('there are no templates in')
    await using few = await mkdtempDisposable(join(tmpdir(), 'launcher-templates-'))
    await mkdir(join(few.path, 'implementation'))
    await expect(loadTemplates([few.path])).rejects.toThrow('no template found')
  })
})
