/** Which tests a command line runs, and whether its exit code is theirs. Pure. */
import type { ObservedTest } from '@orchestrator/shared/contracts'

const RUNNERS = [
  /^cargo\s+(?:\S+\s+)*?(?:test|nextest)\b/,
  /^(?:npm|pnpm|yarn|bun)\s+(?:run\s+|run-script\s+)?(?:test|t)\b/,
  /^(?:npx\s+|pnpm\s+exec\s+|yarn\s+)?(?:vitest|jest|mocha|ava|tap|playwright\s+test)\b/,
  /^node\s+(?:\S+\s+)*?--test\b/,
  /^(?:go|deno|dotnet|mix|zig|swift|bundle\s+exec\s+rake|rake|rails|make|just|task)\s+(?:\S+\s+)*?(?:test|check)\b/,
  /^(?:python3?|uv\s+run|poetry\s+run)\s+(?:-m\s+)?(?:pytest|unittest)\b/,
  /^(?:pytest|tox|nox|rspec|phpunit|bats|ctest|prove)\b/,
  /^(?:bundle\s+exec\s+|vendor\/bin\/)(?:rspec|phpunit)\b/,
  /^(?:\.\/)?(?:mvnw?|gradlew?)\s+(?:\S+\s+)*?(?:test|verify|check)\b/,
]

interface Part {
  readonly text: string
  /** What stands behind it: `&&`, `||`, `;`, `|`, `&`, or nothing. */
  readonly operator: string
}

/**
 * The tests of a command that ended with `exitCode`. Where the exit code is not theirs (a pipe hides it, something else
 * decided it) theirs is unknown.
 */
export function testsIn(command: string, exitCode: number | null): readonly ObservedTest[] {
  const parts = partsOf(command)
  return parts.flatMap(({ text }, index) => {
    const words = withoutPrefixes(text)
    if (!RUNNERS.some((runner) => runner.test(words))) return []
    return [{ command: words, exitCode: exitCodeOf(parts.slice(index), exitCode) }]
  })
}

/** After the test only `&&` may follow: a success then means that the test succeeded, and a failure at its end is its own. */
function exitCodeOf(rest: readonly Part[], exitCode: number | null): number | null {
  const onlyAnd = rest.every(
    ({ operator }, index) => operator === '&&' || (index === rest.length - 1 && operator === ''),
  )
  if (!onlyAnd) return null
  return exitCode === 0 || rest.length === 1 ? exitCode : null
}

/** Variables and wrappers before the program. */
function withoutPrefixes(text: string): string {
  return text.trim().replace(/^(?:(?:[A-Za-z_]\w*=\S*|env|time|nice|timeout\s+\S+|xvfb-run)\s+)+/, '')
}

/** Splits at operators outside of quotes; `2>&1` is none. */
function partsOf(command: string): readonly Part[] {
  const parts: Part[] = []
  let text = ''
  const tokens =
    command.match(/'[^']*'|"(?:\\.|[^"\\])*"|\\.|\d*[<>]&\d?-?|&>|&&|\|\||[|;&\n]|[^'"\\|;&\n<>]+|./gs) ?? []
  for (const token of tokens) {
    if (/^(?:&&|\|\||[|;&\n])$/.test(token)) {
      parts.push({ text, operator: token })
      text = ''
    } else text += token
  }
  parts.push({ text, operator: '' })
  return parts.filter((part) => part.text.trim() !== '')
}
