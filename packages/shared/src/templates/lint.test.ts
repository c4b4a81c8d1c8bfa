import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { temporaryDirectory } from '@orchestrator/testing'
import { describe, expect, it } from 'vitest'
import { lintTemplates } from './lint.ts'
import { BUILT_IN_TEMPLATES } from './render.ts'
import { TEMPLATE_NAMES } from './text-plan.ts'

/** Findings as people read them, for an overlay with these files. */
async function lint(files: Readonly<Record<string, string>>): Promise<readonly string[]> {
  await using place = await temporaryDirectory()
  for (const [name, text] of Object.entries(files)) {
    const path = join(place.path, 'implementation', name)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, text)
  }
  const findings = await lintTemplates(place.path)
  return findings.map(
    ({ severity, path, line, problem, remedy }) =>
      `${severity} ${path.slice(place.path.length + '/implementation/'.length)}:${line} ${problem} -> ${remedy}`,
  )
}

describe('the templates that come with Orchestrator', () => {
  it('are all there and without a fault', async () => {
    expect(await lintTemplates(BUILT_IN_TEMPLATES)).toEqual([])
    expect(TEMPLATE_NAMES.filter((name) => name !== 'prompt.hbs')).toHaveLength(10)
  })
})

describe('a template at fault', () => {
  it.each([
    ['memory.md.hbs', 'a\n{{servce_name}}\n', /^error memory\.md\.hbs:2 "servce_name" not defined -> use a value of the context: service_name \(/],
    ['memory.md.hbs', '{{#unless attempts.is_retry}}\n{{typo}}\n{{/unless}}', /^error memory\.md\.hbs:2 .*"typo"/],
    ['memory.md.hbs', '{{#if attempts.is_retry}}\n{{typo}}\n{{/if}}', /^error memory\.md\.hbs:2 .*"typo"/],
    ['memory.md.hbs', '{{#each attempts.previous as |a|}}\n\n{{a.typo}}\n{{/each}}', /^error memory\.md\.hbs:3 .*"a\.typo"/],
    ['memory.md.hbs', '\n{{limits.usd}}', /^error memory\.md\.hbs:2 "limits.usd" is object.* -> .*\{\{#if\}\}/],
    ['memory.md.hbs', '\n\n{{{task_id}}}', /^error memory\.md\.hbs:3 use \{\{ \}\}/],
    ['memory.md.hbs', '{{> other}}', /^error memory\.md\.hbs:1 partials are not supported/],
    ['memory.md.hbs', '\n{{#if tag}}', /^error memory\.md\.hbs:\d .*Parse error.* -> correct the braces/],
    ['memory.md.hbs', '{{#if (has tools "x")}}a{{/if}}', /"tools".* -> tools are known to the runner alone/],
    ['memory.md.hbs', 'a\n<!-- orchestrator:if language cobol -->\n', /^error memory\.md\.hbs:2 .*cobol/],
    ['memory.md.hbs', '| a |\n| {{code tag}} |', /^error memory\.md\.hbs:2 a value as code in a table/],
    ['settings.json.hbs', '{\n  "a": {{tag}}\n}', /^error settings\.json\.hbs:2 a value outside of a string.* -> /],
    ['settings.json.hbs', '{\n  "a": "{{tag}}",\n}', /^error settings\.json\.hbs:3 does not give JSON/],
    ['settings.json.hbs', '{}', /^warning settings\.json\.hbs:1 allows none of a task’s tools/],
    ['hooks/stop-commit.sh.hbs', '#!/bin/sh\necho "{{tag}}"\n', /^error hooks\/stop-commit\.sh\.hbs:2 a value in double quotes -> it brings its own quotes/],
    ['hooks/stop-commit.sh.hbs', '#!/bin/sh\nif true; then\n', /^error hooks\/stop-commit\.sh\.hbs:\d is no shell script/],
    ['hooks/stop-commit.sh.hbs', 'echo {{tag}}\n', /^error hooks\/stop-commit\.sh\.hbs:1 does not say which program/],
    ['prompt.hbs', 'Do {{task_id}}.', /^warning prompt\.hbs:1 does not tell the agent where.* -> add a line <!-- orchestrator:documents -->/],
    ['prompt.hbs', '{{prompt_content}}', /^error prompt\.hbs:1 "prompt_content" not defined/],
    ['memroy.md.hbs', 'x', /^warning memroy\.md\.hbs:1 is never used.* -> rename it to one of .*memory\.md\.hbs/],
  ])('%s %j is named with its line and what to do', async (name, text, expected) => {
    const findings = await lint({ [name]: text })
    expect(findings).toHaveLength(1)
    expect(findings[0]).toMatch(expected)
  })

  it('is found beside others, and a directory without any is one', async () => {
    expect(await lint({ 'prompt.hbs': '{{x}}', 'memory.md.hbs': '{{y}}', 'mcp.json.hbs': '{}' })).toHaveLength(2)
    expect(await lint({})).toEqual([expect.stringContaining('holds no templates')])
  })
})
