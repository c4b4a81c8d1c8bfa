/** What a person reads before deciding on a retry. Texts of others stay texts: none can leave its place. */
import type { Commit, GateResult, ObservedTest } from '@orchestrator/shared/contracts'
import { cutToBytes, printable, printableLine } from '@orchestrator/shared/core'
import type { Findings } from './findings.ts'
import type { Verdict } from './outcome.ts'

export interface BriefFacts {
  readonly name: string
  readonly branch: string
  /** Relative to the workspace. */
  readonly attemptFolder: string
  readonly verdict: Verdict
  readonly findings: Findings
  readonly tests: readonly ObservedTest[]
}

const LIST_MAX = 20
const TAIL_LINES = 30
const TAIL_MAX_BYTES = 3000
const WORDS_MAX_BYTES = 1500

export function writeBrief(facts: BriefFacts): string {
  const { verdict } = facts
  const sections = [
    `# ${verdict.outcome}: ${verdict.reason}\n\n${prose(verdict.message)}`,
    ...facts.findings.gates.filter(({ passed }) => !passed).map(gateSection),
    doneSection(facts),
    wordsSection(facts),
    placesSection(facts),
    nextSection(facts),
  ]
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`
}

function gateSection(gate: GateResult): string {
  const tail = cutFront(gate.tail.split('\n').slice(-TAIL_LINES).join('\n'), TAIL_MAX_BYTES)
  const said = tail.trim() === '' ? 'It printed nothing.' : fence(tail)
  return `## Gate ${code(gate.name)} failed\n\nCommand: ${code(gate.command.join(' '))}\n\n${said}`
}

function doneSection({ findings: { changes, gates }, tests }: BriefFacts): string {
  const lines = [
    ...(changes === undefined
      ? []
      : [
          `- ${changes.diffStat.files} ${changes.diffStat.files === 1 ? 'file' : 'files'} against the base, +${changes.diffStat.insertions} −${changes.diffStat.deletions}`,
        ]),
    ...shortened((changes?.commits ?? []).map(commitLine)),
    ...gates.map(({ name, passed }) => `- gate ${code(name)}: ${passed ? 'passed' : 'failed'}`),
    ...shortened(
      tests
        .slice(-LIST_MAX)
        .map(({ command, exitCode }) => `- test seen running: ${code(command)}, exit code ${exitCode ?? 'unknown'}`),
    ),
    ...(changes?.flags ?? []).slice(0, LIST_MAX).map(({ kind, detail }) => `- note, ${code(kind)}: ${code(detail)}`),
  ]
  return `## What was done\n\n${lines.length === 0 ? 'Nothing that left a trace in the branch.' : lines.join('\n')}`
}

function commitLine({ sha, subject }: Commit): string {
  return `- ${sha.slice(0, 10)} ${code(subject)}`
}

function shortened(lines: readonly string[]): readonly string[] {
  return lines.length <= LIST_MAX ? lines : [...lines.slice(0, LIST_MAX), `- and ${lines.length - LIST_MAX} more`]
}

function wordsSection({ findings: { agent } }: BriefFacts): string {
  return agent?.lastText === undefined
    ? ''
    : `## The agent's last words\n\n${fence(cutToBytes(agent.lastText, WORDS_MAX_BYTES))}`
}

function placesSection({ branch, attemptFolder, findings: { pushedSha, target } }: BriefFacts): string {
  const lines = [
    `- branch ${code(branch)}, ${pushedSha === undefined ? 'nothing pushed by this attempt' : `pushed at ${pushedSha}`}`,
    `- log, gates and result: ${code(attemptFolder)} in the workspace`,
    ...(target?.savedWork ?? []).map((folder) => `- work that an earlier attempt left uncommitted: ${code(folder)}`),
  ]
  return `## Where things are\n\n${lines.join('\n')}`
}

function nextSection({ verdict }: BriefFacts): string {
  return `## What you can do\n\n${adviceFor(verdict)}`
}

function adviceFor({ reason }: Verdict): string {
  switch (reason) {
    case 'GatesPassed':
      return 'Review the branch and merge it.'
    case 'NotVerified':
      return 'Review the branch: nothing but the agent says that it is right. Add gates so that the next attempt is proven.'
    case 'GateFailed':
      return 'Retry with guidance that says what the failed gate needs; the next attempt goes on from this branch.'
    case 'NoChanges':
      return 'Check that the task describes work that is not done yet, then retry with guidance.'
    case 'AgentStuck':
      return 'Read in the log where it went round in circles, then retry with guidance that leads out of it.'
    case 'ToolsDenied':
      return "Allow the tools in the agent's settings template, or say in the guidance how to do without, then retry."
    case 'AgentStalled':
    case 'DeadlineExceeded':
    case 'BudgetReached':
    case 'TurnsReached':
      return 'Retry with a smaller goal or a higher limit; the next attempt goes on from this branch.'
    case 'AuthFailed':
      return 'Correct the credentials that the message names, then retry.'
    case 'RepositoryUnavailable':
      return 'Check the address of the repository and that it can be reached, then retry.'
    case 'DocsMissing':
      return 'Add the documents to the platform repository, or name the branch that has them, then retry.'
    case 'WorkspaceConflict':
      return 'Resolve what the message names in the workspace, then retry.'
    case 'DiskFull':
      return 'Make room on the disk of the workspace, then retry.'
    case 'PushRejected':
      return 'See what the remote refused (a protected branch, a hook, commits of others), then retry; the work is in the workspace.'
    case 'ToolsUnavailable':
    case 'ConfigurationInvalid':
      return 'Correct the configuration of the agent, then retry.'
    case 'StopRequested':
      return 'Retry when it shall go on: the next attempt continues this branch.'
    default:
      return 'Read the log, then retry, with guidance where it helps.'
  }
}

/** A code span around any text: longer than any run of backticks in it, on one line. */
function code(text: string): string {
  const line = printableLine(cutToBytes(text, 300))
  const ticks = '`'.repeat(longestRun(line) + 1)
  return longestRun(line) === 0 ? `${ticks}${line}${ticks}` : `${ticks} ${line} ${ticks}`
}

function fence(text: string): string {
  const ticks = '`'.repeat(Math.max(3, longestRun(text) + 1))
  return `${ticks}text\n${printable(text).replace(/\n+$/, '')}\n${ticks}`
}

function longestRun(text: string): number {
  return Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length))
}

/** A message of ours that may quote others: no markup of theirs takes effect. */
function prose(text: string): string {
  return printableLine(cutToBytes(text, 1500)).replaceAll(/[\\`*[\]<>]/g, String.raw`\$&`)
}

function cutFront(text: string, maxBytes: number): string {
  const bytes = Buffer.from(text)
  return bytes.length <= maxBytes
    ? text
    : `… [cut]\n${bytes
        .subarray(bytes.length - maxBytes)
        .toString('utf8')
        .replace(/^\uFFFD+/, '')}`
}
