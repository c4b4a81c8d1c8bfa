import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type BriefFacts, writeBrief } from './brief.ts'
import { AGENT_DONE, aGate, someChanges, someFindings } from './example-fixture.ts'
import type { Findings } from './findings.ts'
import { decideOutcome } from './outcome.ts'

function brief(findings: Findings, facts: Partial<BriefFacts> = {}): string {
  return writeBrief({
    name: 'trader-claude-agent-1-task1-attempt1',
    branch: 'feature/task-1-implementation',
    attemptFolder: 'tasks/master-1/attempt-1',
    verdict: decideOutcome(findings),
    findings,
    tests: [],
    ...facts,
  })
}

/** The fenced blocks of a text, by the rules of CommonMark. */
function fences(markdown: string): string[] {
  const blocks: string[] = []
  let open: string | undefined
  let content: string[] = []
  for (const line of markdown.split('\n')) {
    const run = /^ {0,3}(`{3,})(.*)$/.exec(line)
    if (open === undefined && run?.[1] !== undefined && !run[2]?.includes('`')) open = run[1]
    else if (open !== undefined && run?.[1] !== undefined && run[1].length >= open.length && run[2]?.trim() === '') {
      blocks.push(content.join('\n'))
      open = undefined
      content = []
    } else if (open !== undefined) content.push(line)
  }
  expect(open).toBeUndefined()
  return blocks
}

describe('writeBrief', () => {
  it('begins with the reason, shows the failed gate, and says what can be done', () => {
    const text = brief(someFindings({ gates: [aGate({ passed: false, exitCode: 1, tail: 'expected 1\ngot 2' })] }))
    expect(text).toMatch(/^# Failed: GateFailed\n\nThe gate "unit" ended with exit code 1\.\n\n## Gate `unit` failed/)
    expect(fences(text)).toEqual(['expected 1\ngot 2'])
    expect(text).toContain('- 2 files against the base, +3 −1\n- aaaaaaaaaa `Add an order book`')
    expect(text).toContain('Retry with guidance')
  })

  it.each(['', '\n \n'])('says so where the failed gate printed nothing (%j)', (tail) => {
    const text = brief(someFindings({ gates: [aGate({ passed: false, exitCode: 1, tail })] }))
    expect(fences(text)).toEqual([])
    expect(text).toMatch(/## Gate `unit` failed\n\nCommand: .*\n\nIt printed nothing\.\n\n/)
  })

  it('is a brief of its own for an attempt that found nothing', () => {
    expect(brief({ gates: [] })).toContain('Nothing that left a trace in the branch.')
  })

  it('lets no text out of its fence', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('`', '```', '````\n', '\n```\n', '# x', '~~~', '\u001B[2J', '\n', 'a')),
        (parts) => {
          const tail = parts.join('')
          const text = brief(
            someFindings({
              gates: [aGate({ passed: false, exitCode: 1, tail })],
              agent: { ...AGENT_DONE, lastText: tail },
            }),
          )
          expect(fences(text)).toHaveLength(tail.trim() === '' ? 1 : 2)
          expect(text.split('\n## ').length).toBe(
            brief(
              someFindings({
                gates: [aGate({ passed: false, exitCode: 1 })],
                agent: { ...AGENT_DONE, lastText: '' },
              }),
            ).split('\n## ').length,
          )
          expect(text).not.toContain('\u001B')
        },
      ),
    )
  })

  it('keeps subjects of commits and commands of tests on their lines', () => {
    const hostile = 'x`` ` \n# heading\n[a](http://b) \u202E'
    const text = brief(
      someFindings({
        changes: someChanges({ commits: [{ sha: 'b'.repeat(40), author: 'x', subject: hostile }] }),
      }),
      {
        tests: [{ command: hostile, exitCode: 0 }],
      },
    )
    expect(text).not.toContain('\n# heading')
    expect(text).not.toContain('\u202E')
  })

  it('stays short whatever the attempt did', () => {
    const commits = Array.from({ length: 500 }, () => ({
      sha: 'c'.repeat(40),
      author: 'x',
      subject: 's'.repeat(500),
    }))
    const gates = [aGate({ passed: false, exitCode: 1, tail: 't'.repeat(100_000) })]
    const text = brief(
      someFindings({
        changes: someChanges({ commits }),
        gates,
        agent: { ...AGENT_DONE, lastText: 'w'.repeat(100_000) },
      }),
    )
    expect(Buffer.byteLength(text)).toBeLessThan(16_000)
    expect(text).toContain('and 480 more')
  })
})
