import { describe, expect, it } from 'vitest'
import { createDisabledTestFinder, deletedTestFlags, outOfScopeFlags } from './diff-flags.ts'

function flagsOf(...lines: readonly string[]): readonly string[] {
  const finder = createDisabledTestFinder()
  for (const line of ['diff --git a/x.ts b/x.ts', '--- a/x.ts', '+++ b/x.ts', '@@ -1 +1 @@', ...lines]) finder.add(line)
  return finder.flags().map(({ detail }) => detail)
}

describe('tests that are switched off', () => {
  it.each([
    "+  it.skip('x', () => {})",
    "+describe.only('x', () => {})",
    "+test.todo('x')",
    "+xit('x', () => {})",
    '+  @Disabled("slow")',
    '+  @Ignore',
    '+    #[ignore]',
    '+\tt.Skip("later")',
    '+@pytest.mark.skip(reason="x")',
    '+    pytest.skip("x")',
    '+    @unittest.skip("x")',
    '+  [Fact(Skip = "x")]',
  ])('are found: %s', (line) => {
    expect(flagsOf(line)).toEqual([`x.ts: ${line.slice(1).trim()}`])
  })

  it.each([
    '+  values.iter().skip(1)',
    '+  stream.pipe(skip(2))',
    '+const ignore = true',
    '+exit(1)',
    '+profit(3)',
    "-  it.skip('x', () => {})",
    "   it.skip('x', () => {})",
  ])('are not seen where there are none: %s', (line) => {
    expect(flagsOf(line)).toEqual([])
  })

  it('are told with their own file, and bounded', () => {
    const finder = createDisabledTestFinder()
    for (let i = 0; i < 50; i += 1) {
      for (const line of [
        'diff --git a/a b/a',
        `+++ b/f${i}.ts`,
        '@@ -0,0 +1 @@',
        "++++ it.skip('x')",
        '+++ b/not-a-header it.skip',
      ])
        finder.add(line)
    }
    expect(finder.flags()).toHaveLength(20)
    expect(finder.flags().at(2)?.detail.startsWith('f1.ts: ')).toBe(true)
  })

  it('may also be deleted', () => {
    const files = [
      'a.test.ts',
      'src/latest.ts',
      'pkg/x_test.go',
      'tests/a.py',
      'test_a.py',
      'src/FooTest.java',
      'src/contest.ts',
    ]
    expect(deletedTestFlags(files).map(({ detail }) => detail.split(' ')[0])).toEqual([
      'a.test.ts',
      'pkg/x_test.go',
      'tests/a.py',
      'test_a.py',
      'src/FooTest.java',
    ])
  })
})

describe('files out of scope', () => {
  it('are those outside the working directory, but for what all of a repository shares', () => {
    const shared = [
      'package-lock.json',
      'pnpm-lock.yaml',
      'Cargo.lock',
      'README.md',
      '.github/workflows/ci.yml',
      '.gitignore',
    ]
    expect(outOfScopeFlags(['trader/a.ts', ...shared], 'trader/')).toEqual([])
    expect(outOfScopeFlags(['trader-two/a.ts', 'risk/package-lock.json'], 'trader')).toEqual([
      { kind: 'OutOfScope', detail: '2 files outside trader: trader-two/a.ts, risk/package-lock.json' },
    ])
    expect(outOfScopeFlags(['anything'], '.')).toEqual([])
  })
})
