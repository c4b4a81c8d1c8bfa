/** What a submit and a retry answer to a person. Pure. */
import { DEFAULT_TAG, type DefaultedField, ValueSource } from '@orchestrator/shared/contracts'
import { printable, printableLine } from '@orchestrator/shared/core'
import type { SubmitAnswer } from '../generated/api.ts'
import { formatFields } from './table.ts'
import type { Ways } from './ways.ts'

export interface SubmitText {
  readonly answer: SubmitAnswer
  readonly ways: Ways
  /** The platform repository was taken from the checkout that the person stands in. */
  readonly platformDetected: boolean
  /** Where that is, as far as it is known. */
  readonly platformSource?: string
}

const SOURCES: Record<Exclude<ValueSource, 'request'>, string> = {
  service: "the service's settings",
  defaults: "the settings' defaults",
  agent: "the agent's settings",
  previous: 'the previous attempt',
  'built-in': 'default',
}

/** How to follow it over HTTP: other doors have their own way. */
const FOR_HTTP = /^Follow it: (?:GET|POST) /

export function describeSubmit({ answer, ways, platformDetected, platformSource }: SubmitText): string {
  const said = (value: string, field: DefaultedField): string => value + sourceOf(answer.sources[field])
  const { task, repository, platform } = answer
  const tag = task.tag === DEFAULT_TAG ? '' : `, tag ${task.tag}`
  const fields = formatFields([
    ['Task', `${task.taskId} (${task.service}${tag})`],
    ['Agent', said(answer.agent, 'agent')],
    ['Target repository', said(describeRepository(repository), 'repositoryUrl')],
    ['Model', said(printableLine(answer.model), 'model')],
    [
      'Working directory',
      `${printableLine(answer.workingDirectory).replace(/\/*$/, '/')} (${answer.workingDirectoryKind})`,
    ],
    ['Attempt', answer.attempt],
    ['Workspace', `${printableLine(answer.workspace)} (${answer.workspaceIsNew ? 'new' : 'kept'})`],
    ['Branch', `${printableLine(answer.branch)} (${answer.branchIsNew ? 'new' : 'kept'})`],
    [
      'Documents from',
      describeRepository(platform) +
        (platformDetected ? ` (${fromCheckout(platformSource)})` : sourceOf(answer.sources.platformRepositoryUrl)),
    ],
    ['Guidance', answer.guidance === null ? undefined : printable(answer.guidance)],
    ['Prompt mode', answer.guidance === null ? undefined : answer.promptMode],
    ['Previous attempt', answer.previous ?? undefined],
    ['Queue', describeQueue(answer.ahead)],
  ])
  const steps = answer.next.filter((step) => !FOR_HTTP.test(step))
  const next = steps.map((step, index) => `  ${index + 1}. ${printableLine(step)}`)
  return [
    headline(answer),
    '',
    fields,
    ...section(
      'Warnings:',
      answer.warnings.map((warning) => `  ${printableLine(warning)}`),
    ),
    ...section('What happens next:', next),
    '',
    `Follow it with: ${ways.follow(answer.attempt)}`,
  ].join('\n')
}

function headline({ task, repeated, previous }: SubmitAnswer): string {
  if (repeated) return `Task ${task.taskId} of ${task.service} was submitted before with this idempotency key.`
  return previous === null
    ? `Task ${task.taskId} of ${task.service} submitted.`
    : `Retry of task ${task.taskId} of ${task.service} submitted.`
}

function describeRepository({ url, branch, githubUser }: SubmitAnswer['repository']): string {
  return `${printableLine(url)}, branch ${printableLine(branch)}, user ${printableLine(githubUser)}`
}

function fromCheckout(source: string | undefined): string {
  return source === undefined ? 'from this checkout' : `from this checkout: ${printableLine(source)}`
}

/** A newer server may name sources that are not known here: they are shown as they are. */
function sourceOf(source: string | undefined): string {
  if (source === undefined || source === 'request') return ''
  const known = ValueSource.exclude(['request']).safeParse(source)
  return ` (${known.success ? SOURCES[known.data] : printableLine(source)})`
}

function describeQueue(ahead: number): string {
  if (ahead === 0) return 'nothing goes first (estimate)'
  return `${ahead} ${ahead === 1 ? 'attempt goes' : 'attempts go'} first (estimate)`
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ['', title, ...lines]
}
