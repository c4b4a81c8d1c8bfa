import { execFile } from 'node:child_process'
import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { hostileStrings, temporaryDirectory } from '@orchestrator/testing'
import fc from 'fast-check'
import MarkdownIt, { type Token } from 'markdown-it'
import { describe, expect, it } from 'vitest'
import { type TemplateContext, templateContext } from './context.ts'
import { compileTemplate } from './engine.ts'
import { LINE_BREAK } from './escape.ts'
import { BUILT_IN_TEMPLATES, loadTemplates, type RenderedText } from './render.ts'
import { SAMPLES } from './sample.ts'
import { shellProblem } from './shell-problem.ts'

const execute = promisify(execFile)
const renderer = await loadTemplates([BUILT_IN_TEMPLATES])
const STRINGS = hostileStrings('/tmp/orchestrator-sprung-by-a-template')
const CONTEXTS = Object.values(SAMPLES).map((sample) => templateContext(sample))
/** What stands for the value in the text to compare with. */
const PLAIN = 'Plain-Value'

/** The same context with this string for every text in it. */
function filled(value: unknown, text: string): unknown {
  if (typeof value === 'string') return text
  if (Array.isArray(value)) return value.map((item) => filled(item, text))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, filled(inner, text)]))
}

function render(context: TemplateContext, text: string): readonly RenderedText[] {
  const { prompt, others } = renderer.renderContext(filled(context, text) as TemplateContext)
  return [prompt, ...others]
}

/** Each text of each sample, with the plain value and with the hostile one. */
function pairs(text: string, ending: string): readonly { place: string; plain: string; hostile: string }[] {
  return CONTEXTS.flatMap((context) => {
    const [plain, hostile] = [render(context, PLAIN), render(context, text)]
    return hostile.flatMap((each, index) =>
      each.destination.endsWith(ending)
        ? [{ place: each.destination, plain: plain[index]?.text ?? '', hostile: each.text }]
        : [],
    )
  })
}

const markdown = new MarkdownIt({ html: true })
/** Bare addresses too, as some renderers do. */
const tokensOf = (text: string): readonly Token[] => markdown.parse(text, {})

/** Headings, lists, tables, code, links, markup: everything but the texts, and but what is within a block quote. */
function structureOf(text: string): readonly string[] {
  let quotes = 0
  return tokensOf(text).flatMap((token) => {
    if (token.type === 'blockquote_close') quotes -= 1
    const isQuoted = quotes > 0
    if (token.type === 'blockquote_open') quotes += 1
    if (isQuoted) return []
    const children = token.children ?? []
    return [`${token.type} ${token.tag}`, ...children.filter(({ type }) => !type.startsWith('text')).map(({ type }) => type)]
  })
}

/** What a reader sees of the first heading. */
function firstHeading(text: string): string {
  const tokens = tokensOf(text)
  const inline = tokens[tokens.findIndex(({ type }) => type === 'heading_open') + 1]
  return (inline?.children ?? []).map(({ content }) => content).join('')
}

/** Leaves of a JSON value by their paths. */
function leavesOf(value: unknown, path = ''): readonly [string, unknown][] {
  if (typeof value !== 'object' || value === null) return [[path, value]]
  return Object.entries(value).flatMap(([key, inner]) => leavesOf(inner, `${path}/${key}`))
}

describe('a hostile value in every template', () => {
  it.each(STRINGS)('changes no structure of any Markdown: %j', (text) => {
    for (const { place, plain, hostile } of pairs(text, '.md'))
      expect(structureOf(hostile), place).toEqual(structureOf(plain))
  })

  it('changes no structure of any Markdown, whatever it is', () => {
    const piece = fc.oneof(fc.string({ unit: 'binary', maxLength: 12 }), fc.constantFrom(...STRINGS, '\n', '  ', '`', '&'))
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 5 }), (parts) => {
        for (const { place, plain, hostile } of pairs(parts.join(''), '.md'))
          expect(structureOf(hostile), place).toEqual(structureOf(plain))
      }),
      { numRuns: 60 },
    )
  })

  it.each(STRINGS.filter((text) => /[^\s\p{Cc}]/u.test(text)))('changes no structure wherever Markdown may have it: %j', (text) => {
    const template = compileTemplate({
      path: 'x.md.hbs',
      format: 'md',
      text: [
        '{{a}}',
        'a line\n{{a}}',
        '- {{a}}\n- {{code a}}',
        '1. {{a}}',
        '## {{a}}',
        '| {{a}} | b |\n| --- | --- |\n| {{a}} | {{a}} |',
        'say **{{a}}** and [{{a}}](x) and {{code a}}, {{a}} and {{a}}{{a}}',
        '{{quote a}}',
        'end',
      ].join('\n\n'),
    })
    expect(structureOf(template({ a: text }))).toEqual(structureOf(template({ a: PLAIN })))
  })

  it.each(STRINGS.filter((text) => !/orchestrator:/.test(text)))('is read in Markdown as it is written: %j', (text) => {
    // oxlint-disable-next-line no-control-regex -- they are left out on purpose
    const visible = text.replaceAll(/[\u0000-\u0008\u000E-\u001F\u202A-\u202E\u2066-\u2069]/g, '')
    const line = visible.split(LINE_BREAK).join(' ').replaceAll('\t', ' ').trim()
    const memory = render(CONTEXTS[0] ?? {}, text).find(({ destination }) => destination === 'CLAUDE.md')
    expect(firstHeading(memory?.text ?? '')).toBe(`${line}: what to know while you work`.trim())
  })

  it.each(STRINGS)('is the very text in every JSON, and adds nothing to it: %j', (text) => {
    for (const { place, plain, hostile } of pairs(text, '.json')) {
      const expected = leavesOf(JSON.parse(plain)).map(([path, leaf]) => [
        path,
        typeof leaf === 'string' ? leaf.split(PLAIN).join(text) : leaf,
      ])
      expect(leavesOf(JSON.parse(hostile)), place).toEqual(expected)
    }
  })

  it('leaves every script one that bash reads', async () => {
    const scripts = new Set(STRINGS.flatMap((text) => pairs(text, '.sh').map(({ hostile }) => hostile)))
    expect(scripts.size).toBeGreaterThan(STRINGS.length / 2)
    for (const script of scripts) expect(await shellProblem(script), script).toBeUndefined()
  })

  it('is one word when bash runs the scripts', { timeout: 120_000 }, async () => {
    await using place = await temporaryDirectory()
    const bin = join(place.path, 'bin')
    await mkdir(bin)
    for (const program of ['node', 'mkdir']) {
      await writeFile(join(bin, program), `#!/bin/bash\nprintf '%s\\0' ${program} "$@"\n`)
      await chmod(join(bin, program), 0o755)
    }
    const environment = {
      PATH: bin,
      HOME: '/home/x',
      ORCHESTRATOR_RUNNER: 'runner',
      ORCHESTRATOR_LAUNCH_FOLDER: '/launch',
      ORCHESTRATOR_SPAWN: 's1',
      ORCHESTRATOR_ATTEMPT: 'id',
      ORCHESTRATOR_NODE: join(bin, 'node'),
      ORCHESTRATOR_HOOKS: 'hooks',
    }
    const words = async (script: string): Promise<readonly string[]> => {
      const { stdout } = await execute('/bin/bash', ['-c', script], { env: environment, cwd: place.path })
      return stdout.split('\0').slice(0, -1)
    }
    for (const text of STRINGS) {
      const [container] = pairs(text, 'container.sh')
      const directory = text.replaceAll('\0', '')
      expect(await words(container?.hostile ?? 'exit 1')).toEqual(
        ['mkdir', '-p', '--', '/home/x', directory, 'node', 'runner', '/launch', 's1'],
      )
    }
    for (const { place: name, hostile } of pairs(STRINGS[0] ?? '', '.sh').filter((each) => each.place.includes('hooks')))
      expect(await words(hostile), name).toEqual(['node', 'hooks', expect.stringMatching(/^(early-test|stop-commit)$/)])
    expect(await readdir(place.path)).toEqual(['bin'])
  })

  it('is one word wherever a template may have it', async () => {
    const script = compileTemplate({
      path: 'x.sh.hbs',
      format: 'sh',
      text: [
        'v={{a}}; f() { printf "%s\\0" "$@"; }',
        '{{#each list as |item|}}f {{item}} --option={{item}}; {{/each}}f "$v"; w=$(printf %s {{a}}; echo .); f "$w"',
        'case {{a}} in "$v") f same;; esac; [ {{a}} = "$v" ] && f equal',
      ].join('\n'),
    })
    for (const text of STRINGS) {
      const { stdout } = await execute('bash', ['-c', script({ a: text, list: [text, text] })])
      const word = text.replaceAll('\0', '')
      const pair = [word, `--option=${word}`]
      expect(stdout.split('\0').slice(0, -1)).toEqual([...pair, ...pair, word, `${word}.`, 'same', 'equal'])
    }
  })
})
