import { displayWidth } from './width.ts'

export type Field = readonly [label: string, value: string | undefined]

/** Labels in one column, values in the other; fields without a value are left out, further lines stay in their column. */
export function formatFields(fields: readonly Field[], indent = '  '): string {
  const shown = fields.filter((field): field is [string, string] => field[1] !== undefined && field[1] !== '')
  const column = Math.max(0, ...shown.map(([label]) => label.length)) + 2
  const margin = indent + ' '.repeat(column)
  return shown
    .map(([label, value]) => indent + label.padEnd(column) + value.trimEnd().replaceAll(/\n(?!\n)/g, `\n${margin}`))
    .join('\n')
}

/** Columns as wide as their widest cell; the last one is not padded. */
export function formatTable(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => displayWidth(row[column] ?? ''))))
  const pad = (cell: string, column: number): string => cell + ' '.repeat((widths[column] ?? 0) - displayWidth(cell))
  return rows.map((row) => row.map(pad).join('  ').trimEnd()).join('\n')
}
