/** The text of `docs/events-reference.md`: the contracts of the events, field by field, with a sample of each. */
import { contractSchemas, type EventType, EVENT_TYPES } from '@orchestrator/shared/contracts'
import { samplesOf } from '../compatibility/samples.ts'
import { type Row, schemaMeaning, schemaRows } from './schema-rows.ts'

const HEAD = `# Events: reference

Made from the contracts ([events.ts](../packages/shared/src/contracts/events.ts)) and the samples of this release: not to be
edited by hand. How events behave (order, repeats, growth) and how to get them is in [events.md](events.md), what each reason
means in [operations.md](operations.md#reasons). The same as JSON Schema is in
[packages/shared/src/contracts/schemas](../packages/shared/src/contracts/schemas). Times are UTC (RFC 3339); \`a[].b\` is field
\`b\` of each entry of the list \`a\`; a field in *italics* may be left out.
`

/** A cell never ends its table: a bar inside would. */
const cell = (text: string): string => text.replaceAll('|', '\\|')

function table(rows: readonly Row[]): string {
  const lines = rows.map(({ path, type, optional, meaning }) => {
    const field = optional ? `*\`${path}\`*` : `\`${path}\``
    return `| ${field} | ${cell(type)} | ${cell(meaning)} |`
  })
  return ['| field | type | meaning |', '| --- | --- | --- |', ...lines].join('\n')
}

const isOfData = ({ path }: Row): boolean => path.startsWith('data.')

function section(type: EventType, rows: readonly Row[]): string {
  const schema = contractSchemas().get(type)
  const sample = JSON.stringify(samplesOf(type).at(0), null, 2)
  return `## ${type}\n\n${schemaMeaning(schema)}\n\n${table(rows)}\n\n\`\`\`json\n${sample}\n\`\`\`\n`
}

export function eventsReference(): string {
  const all = new Map(EVENT_TYPES.map((type) => [type, schemaRows(contractSchemas().get(type))]))
  const envelope = (all.get('task.submitted') ?? []).filter((row) => !isOfData(row))
  const type = {
    path: 'type',
    type: EVENT_TYPES.map((name) => `\`${name}\``).join(', '),
    optional: false,
    meaning: 'which event it is',
  }
  const sections = [...all].map(([name, rows]) => section(name, rows.filter(isOfData)))
  return [HEAD, `## Every event\n\n${table([...envelope, type])}\n`, ...sections].join('\n')
}
