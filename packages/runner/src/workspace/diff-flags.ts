/** What in a diff a person should look at before believing a green result. Pure: lines in, flags out. */
import type { Flag } from '@orchestrator/shared/contracts'

const DISABLING = [
  /\b(?:describe|it|test|suite|context|specify)\.(?:skip|only|todo|fails|skipIf|runIf)\b/,
  /\b(?:xit|xdescribe|xtest|xcontext|fit|fdescribe)\s*\(/,
  /(?:^|[^\w@])@(?:Disabled|Ignore)\b/,
  /#\[\s*ignore\b/,
  /\bt\.Skip(?:f|Now)?\s*\(/,
  /\bpytest\.(?:mark\.)?(?:skip|skipif|xfail)\b/,
  /\bunittest\.(?:skip|skipIf|skipUnless|expectedFailure)\b|\bself\.skipTest\s*\(/,
  /\[(?:Fact|Theory)\s*\(\s*Skip\b|\[Ignore\b/,
  /\bt\.skip\s*\(|\{\s*skip:\s*(?:true|['"])/,
  /\bDISABLED_\w+/,
] as const

const TEST_FILE =
  /(?:^|\/)(?:tests?|__tests__|specs?)\/|[._-](?:test|spec)s?\.[A-Za-z]+$|(?:^|\/)test_[^/]*\.py$|(?:Test|Tests|Spec)\.(?:java|kt|cs|scala|swift|groovy)$/

/** What a change inside one folder may well have to touch elsewhere. */
const SHARED_BY_ALL =
  /^(?:[^/]*\.lock|package-lock\.json|npm-shrinkwrap\.json|pnpm-lock\.yaml|pnpm-workspace\.yaml|bun\.lockb?|go\.(?:work\.)?sum|package\.json|Cargo\.toml|README[^/]*|CHANGELOG[^/]*|\.gitignore|\.gitlab-ci\.yml|Jenkinsfile)$|^\.(?:github|gitlab|circleci|buildkite)\//

const MAX_FLAGS = 20
const MAX_DETAIL = 300

/** Reads a unified diff line by line and finds tests that were switched off in it. */
export function createDisabledTestFinder(): {
  readonly add: (line: string) => void
  readonly flags: () => readonly Flag[]
} {
  const flags: Flag[] = []
  let file = ''
  let isHeader = true
  return {
    add: (line) => {
      if (line.startsWith('diff --git ')) isHeader = true
      else if (isHeader && line.startsWith('+++ '))
        file = line
          .slice(4)
          .replace(/^"?b\//, '')
          .replace(/"?\t?$/, '')
      else if (line.startsWith('@@')) isHeader = false
      else if (
        !isHeader &&
        line.startsWith('+') &&
        flags.length < MAX_FLAGS &&
        DISABLING.some((pattern) => pattern.test(line))
      ) {
        flags.push({ kind: 'TestsDisabled', detail: cut(`${file}: ${line.slice(1).trim()}`) })
      }
    },
    flags: () => flags,
  }
}

export function deletedTestFlags(deletedFiles: readonly string[]): readonly Flag[] {
  return deletedFiles
    .filter((path) => TEST_FILE.test(path))
    .slice(0, MAX_FLAGS)
    .map((path) => ({ kind: 'TestsDisabled', detail: cut(`${path} was deleted`) }))
}

/** One flag for all files outside the working directory; `.` is everything. */
export function outOfScopeFlags(files: readonly string[], workingDirectory: string): readonly Flag[] {
  const scope = workingDirectory.replace(/\/+$/, '')
  if (scope === '.' || scope === '') return []
  const outside = files.filter((path) => path !== scope && !path.startsWith(`${scope}/`) && !SHARED_BY_ALL.test(path))
  if (outside.length === 0) return []
  const named = outside.slice(0, 10).join(', ') + (outside.length > 10 ? ', …' : '')
  return [{ kind: 'OutOfScope', detail: cut(`${outside.length} files outside ${scope}: ${named}`) }]
}

function cut(text: string): string {
  return text.length > MAX_DETAIL ? `${text.slice(0, MAX_DETAIL - 1)}…` : text
}
