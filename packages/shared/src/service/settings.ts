import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { Settings } from '../contracts/index.ts'
import { describeError, TerminalError } from '../core/index.ts'
import { faultsOf, secretFaults, shownValue, type ValueFault } from './settings-faults.ts'
import type { Path, SettingsText, SyntaxFault } from './settings-text.ts'

export interface SettingsFault {
  readonly line: number
  readonly column: number
  /** `services.trader.branch`; empty for the document as a whole. */
  readonly path: string
  /** As it is shown; `null` where there is none, or it is no simple one. */
  readonly value: string | null
  /** What is wrong, and what to write instead. */
  readonly message: string
}

/** Names the file and every fault in it. */
export class SettingsError extends TerminalError {
  readonly faults: readonly SettingsFault[]

  constructor(file: string, faults: readonly SettingsFault[]) {
    super('SETTINGS_INVALID', `${file} is not valid:\n${faults.map((fault) => `  ${describeFault(fault)}`).join('\n')}`)
    this.faults = faults
  }
}

function describeFault({ line, column, path, value, message }: SettingsFault): string {
  const what = [path === '' ? '(the whole document)' : path, ...(value === null ? [] : [value])].join(' ')
  return `${line}:${column} ${what}: ${message}`
}

/**
 * Reads the installation's settings file, YAML or JSON; without one everything has its default.
 * @throws SettingsError; TerminalError SETTINGS_INVALID when it cannot be read
 */
export async function loadSettings(file: string | undefined): Promise<Settings> {
  if (file === undefined) return Settings.parse({})
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    const why = `cannot read the settings file ${file}: ${describeError(cause)}; check --config, or SETTINGS_FILE`
    throw new TerminalError('SETTINGS_INVALID', why, { cause })
  })
  return await parseSettings(text, file)
}

/** @throws SettingsError */
export async function parseSettings(text: string, file: string): Promise<Settings> {
  // Here and not above: a command line that reads no settings starts sooner without.
  const { readSettingsText } = await import('./settings-text.ts')
  const read = readSettingsText(text)
  if (!('value' in read)) throw new SettingsError(file, read.map(toSyntaxFault))
  const parsed = Settings.safeParse(read.value)
  const issues = parsed.success ? [] : parsed.error.issues.flatMap((issue) => faultsOf(issue, knownKeys))
  const secrets = secretFaults(read.value)
  const hidden = new Set(secrets.map(({ path }) => path.join('.')))
  const others = issues.filter(({ path, of }) => of === 'key' || !hidden.has(path.join('.')))
  const faults = [...secrets, ...others].map((fault) => locate(fault, read))
  if (faults.length > 0 || !parsed.success) throw new SettingsError(file, faults.toSorted(byPosition))
  return parsed.data
}

function toSyntaxFault({ line, column, message }: SyntaxFault): SettingsFault {
  return { line, column, path: '', value: null, message: `is neither YAML nor JSON there: ${message}` }
}

function locate(
  { path, of, message, isSecret = false }: ValueFault,
  { value, positionOf }: SettingsText,
): SettingsFault {
  const shown = of === 'key' || isSecret ? undefined : shownValue(valueAt(value, path))
  return { ...positionOf(path, of), path: path.map(String).join('.'), value: shown ?? null, message }
}

function byPosition(one: SettingsFault, other: SettingsFault): number {
  return one.line - other.line || one.column - other.column
}

function valueAt(value: unknown, [step, ...rest]: Path): unknown {
  if (step === undefined) return value
  return typeof value === 'object' && value !== null && Object.hasOwn(value, step)
    ? valueAt(Object.getOwnPropertyDescriptor(value, step)?.value, rest)
    : undefined
}

/** For editors, and for what a name might have been meant as. */
export function settingsSchema(): unknown {
  return z.toJSONSchema(Settings, { io: 'input', unrepresentable: 'any' })
}

const SchemaNode = z.looseObject({
  properties: z.exactOptional(z.record(z.string(), z.unknown())),
  additionalProperties: z.exactOptional(z.unknown()),
  items: z.exactOptional(z.unknown()),
  anyOf: z.exactOptional(z.array(z.unknown())),
  oneOf: z.exactOptional(z.array(z.unknown())),
})

function knownKeys(path: Path): readonly string[] {
  const nodes = path.reduce<readonly unknown[]>(
    (found, step) => found.flatMap((node) => below(node, step)),
    [settingsSchema()],
  )
  return [...new Set(nodes.flatMap(branches).flatMap((node) => Object.keys(node.properties ?? {})))]
}

function below(node: unknown, step: PropertyKey): readonly unknown[] {
  return branches(node).flatMap(({ properties = {}, additionalProperties, items }) => {
    const own: unknown = Object.hasOwn(properties, step) ? properties[String(step)] : (items ?? additionalProperties)
    return own === undefined ? [] : [own]
  })
}

function branches(node: unknown): readonly z.output<typeof SchemaNode>[] {
  const parsed = SchemaNode.safeParse(node)
  if (!parsed.success) return []
  const { anyOf = [], oneOf = [] } = parsed.data
  return [parsed.data, ...[...anyOf, ...oneOf].flatMap(branches)]
}
