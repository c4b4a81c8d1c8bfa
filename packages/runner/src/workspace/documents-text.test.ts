import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { readCriteria } from './criteria.ts'
import { clientConfigPaths, documentFolders } from './document-paths.ts'
import { parseDocument, parseJsonDocument } from './json-document.ts'
import { isNewEnough } from './preflight.ts'
import { isSameRepository } from './same-repository.ts'

describe('acceptance criteria', () => {
  it('are list items of any kind, not what stands in code', () => {
    const markdown =
      '# Criteria\n\nText.\n\n- [ ] one\n* [x] two\n  + three\n4. four\n5) five\n```\n- code\n```\n---\n- - -\n-no item\n'
    expect(readCriteria(markdown)).toEqual(['one', 'two', 'three', 'four', 'five'])
  })

  it('are bounded', () => {
    const criteria = readCriteria(Array.from({ length: 500 }, () => `- ${'x'.repeat(1000)}`).join('\r\n'))
    expect(criteria).toHaveLength(200)
    expect(criteria[0]).toHaveLength(500)
  })
})

describe('paths of documents', () => {
  it('fall back to the list’s own folder for the default list only', () => {
    expect(documentFolders({ tag: 'master', taskId: '1.2' })).toEqual([
      '.taskmaster/docs/task-1.2',
      '.taskmaster/docs/master/task-1.2',
    ])
    expect(documentFolders({ tag: 'next', taskId: '1' })).toEqual(['.taskmaster/docs/next/task-1'])
    expect(clientConfigPaths({ tag: 'next', taskId: '1' })).toEqual([
      '.taskmaster/tasks/next/task-1/client-config.json',
      '.taskmaster/docs/next/task-1/client-config.json',
    ])
  })
})

describe('a person’s JSON', () => {
  it.each([
    ['{', 1],
    ['', 1],
    ['{\n  "a": 1,\n}', 3],
    ['{\n  // a comment\n  "a": 1\n}', 2],
    ['{\n  "a": tru\n}', 2],
    ['{\n  "a": "open\n}', 2],
    ['{}\n{}', 2],
    ['{\n"a": [1,\n2,\n3\n', 5],
  ])('that is wrong is led to its line: %j', (text, line) => {
    expect(() => parseJsonDocument(text, 'x.json')).toThrow(`x.json, line ${line}, is not valid JSON`)
  })

  it('has no comments, and is told so where somebody wrote one', () => {
    const withComment = '{\n  "remoteTools": [\n    "a" // first\n  ]\n}'
    expect(() => parseJsonDocument(withComment, 'x.json')).toThrow(
      'x.json, line 3, is not valid JSON (it has no comments: take them out)',
    )
    expect(() => parseJsonDocument('{\n"url": "http://x"\n"b": 1}', 'x.json')).toThrow(/is not valid JSON$/)
  })

  it('of another form is led to its fields', () => {
    const schema = z.strictObject({ list: z.array(z.object({ a: z.number() })) })
    expect(() => parseDocument('{"list":[{"a":"x"}],"more":1}', 'x.json', schema)).toThrow(
      /x\.json is not valid: list\[0\]\.a: .*; the document: .*more/,
    )
  })
})

describe('repositories', () => {
  it('are the same in their SSH, HTTPS and scp-like forms', () => {
    expect(isSameRepository('git@github.com:Org/App.git', 'https://github.com/org/app')).toBe(true)
    expect(isSameRepository('ssh://git@github.com/org/app', 'https://user:token@github.com/org/app.git')).toBe(true)
    expect(isSameRepository('https://github.com/org/app', 'https://github.com/org/other')).toBe(false)
    expect(isSameRepository('/some/path', 'https://github.com/org/other')).toBe(false)
  })
})

describe('the version of git', () => {
  it('must be one that can be shut off from other configuration', () => {
    expect(['git version 2.39.5', 'git version 2.32.0 (Apple Git-1)', 'git version 3.0.1'].map(isNewEnough)).toEqual([
      true,
      true,
      true,
    ])
    expect(['git version 2.31.9', 'git version 1.99.0', 'nonsense'].map(isNewEnough)).toEqual([false, false, false])
  })
})
