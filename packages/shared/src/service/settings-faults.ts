/** What is wrong with settings, as a person reads and mends it. Pure. */
import type { z } from 'zod'
import { hideTokens, holdsToken, printableLine } from '../core/index.ts'
import { nearestWord } from './nearest-word.ts'
import type { Path } from './settings-text.ts'

export interface ValueFault {
  readonly path: Path
  /** Whether the key is at fault, or its value. */
  readonly of: 'key' | 'value'
  /** What is wrong, and what to write instead. */
  readonly message: string
  /** The value is shown to nobody. */
  readonly isSecret?: boolean
}

type Issue = z.core.$ZodIssue

/** The names that an object may have there. */
export type KnownKeys = (path: Path) => readonly string[]

export function faultsOf(issue: Issue, known: KnownKeys): readonly ValueFault[] {
  const { path } = issue
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({ path: [...path, key], of: 'key', message: unknownKey(key, known(path)) }))
  if (issue.code === 'invalid_key')
    return [{ path, of: 'key', message: `is no name for it: ${issue.issues[0]?.message ?? ''}` }]
  return [{ path, of: 'value', message: messageOf(issue) }]
}

function unknownKey(key: string, known: readonly string[]): string {
  if (/^(\/\/|\/\*)/.test(key)) return 'is no setting: a comment begins with #'
  const near = nearestWord(key, known)
  const instead = known.length === 0 ? 'take it out' : `use one of ${known.join(', ')}`
  if (/^(secret|token|password|api_?key)$/i.test(key))
    return `is no setting: secrets are never in this file, only the paths of files that hold them; ${instead}`
  return near === undefined ? `is no setting here: ${instead}` : `is no setting here: did you mean ${near}?`
}

const KINDS: Readonly<Record<string, string>> = {
  string: 'a text: put it in quotes',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list: [...], or lines that begin with "- "',
  object: 'an object: {...}, or indented lines of "name: value"',
  record: 'an object: {...}, or indented lines of "name: value"',
}

function messageOf(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined && /received undefined/.test(issue.message)
        ? `is missing: it must be ${KINDS[issue.expected] ?? issue.expected}`
        : `must be ${KINDS[issue.expected] ?? issue.expected}`
    case 'too_small':
      return boundOf(issue.origin, `${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}`)
    case 'too_big':
      return boundOf(issue.origin, `${issue.inclusive === false ? 'less than' : 'at most'} ${issue.maximum}`)
    case 'invalid_value':
      return `use one of ${issue.values.map(String).join(', ')}`
    case 'invalid_format':
      return issue.message === 'Invalid URL' ? 'is no address: use https://host/path' : issue.message
    default:
      return issue.message
  }
}

function boundOf(origin: string, bound: string): string {
  if (origin === 'string') return `must have ${bound} characters`
  return origin === 'array' ? `must have ${bound} entries` : `must be ${bound}`
}

const SECRET_NAME = /(?:^|_)(?:PASSWORD|PASSWD|SECRET|TOKEN|API_?KEY|ACCESS_KEY|PRIVATE_KEY|CREDENTIALS?)$/i

/** Values that are secrets: whoever reads the file would have them, and so would every event that repeats its settings. */
export function secretFaults(value: unknown, path: Path = []): readonly ValueFault[] {
  if (typeof value === 'string')
    return isSecret(value, path) ? [{ path, of: 'value', message: remedyFor(path), isSecret: true }] : []
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, each]) =>
    secretFaults(each, [...path, Array.isArray(value) ? Number(key) : key]),
  )
}

function isSecret(text: string, path: Path): boolean {
  const isVariable = path.length === 4 && path[0] === 'agents' && path[2] === 'environment'
  return holdsToken(text) || hasPassword(text) || (isVariable && text !== '' && SECRET_NAME.test(String(path[3])))
}

function hasPassword(text: string): boolean {
  return URL.canParse(text) && new URL(text).password !== ''
}

function remedyFor(path: Path): string {
  const what = 'holds a secret, which is never in this file: put it into a file that only the service can read'
  if (path[0] === 'agents')
    return `${what}, and name that under credentials: {"${String(path.at(-1))}": "/path/of/the/file"}`
  if (path[0] === 'channels') return `${what}, and name that in secretFile`
  return `${what}, and configure it as a credential`
}

/** A value as it is shown: short, on one line, and without what looks like a secret. */
export function shownValue(value: unknown): string | undefined {
  if (value === undefined || (typeof value === 'object' && value !== null)) return undefined
  const text = printableLine(hideTokens(JSON.stringify(value)))
  return text.length > 60 ? `${text.slice(0, 57)}...` : text
}
