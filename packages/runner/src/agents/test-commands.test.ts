import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { testsIn } from './test-commands.ts'

describe('testsIn', () => {
  it.each([
    ['npm test', 1, [['npm test', 1]]],
    ['cd app && cargo test --all 2>&1', 101, [['cargo test --all 2>&1', 101]]],
    ['CI=1 timeout 60 pytest -q', 0, [['pytest -q', 0]]],
    ['npm test && git commit -m "run npm test; done"', 0, [['npm test', 0]]],
    // Which of the two failed is not known.
    ['npm test && git commit -m x', 1, [['npm test', null]]],
    ['npm test | tail -5', 0, [['npm test', null]]],
    ['npm test || true', 0, [['npm test', null]]],
    ['npm test; echo done', 0, [['npm test', null]]],
    ['npm test &', 0, [['npm test', null]]],
    [
      'go vet ./... && go test ./... && npx vitest run',
      0,
      [
        ['go test ./...', 0],
        ['npx vitest run', 0],
      ],
    ],
    ['node --test --test-reporter=tap', null, [['node --test --test-reporter=tap', null]]],
    ['echo "npm test"', 0, []],
    ['grep -r "cargo test" .', 0, []],
    ['git status', 0, []],
    ['', 0, []],
  ])('knows the tests of %j, which ended with %j', (command, exitCode, expected) => {
    expect(testsIn(command, exitCode).map((test) => [test.command, test.exitCode])).toEqual(expected)
  })

  it('never throws, and never takes a hidden exit code for a success', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        testsIn(text, 0)
        expect(
          testsIn(`npm test | ${text}`, 0).filter(({ command, exitCode }) => command === 'npm test' && exitCode === 0),
        ).toEqual([])
      }),
    )
  })
})
